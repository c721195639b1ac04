"""What the operations of subscriptions need to be there, and what they are sent."""

from typing import Any

from subscriptions.models import Subscription
from tests.factories import Person
from tests.subscriptions.buying import buy, check_out_by, order
from tests.tables.world import World


def subscription_of(world: World, person: Person) -> Subscription:
    """A live subscription of the person's organization."""
    owner = world.owner_beside(person)
    live = Subscription.objects.for_organization(owner.organization).live().first()
    return live or buy(world.fake, owner)


def own_subscription(world: World, person: Person) -> Any:
    """Its id."""
    return str(subscription_of(world, person).pk)


def checkout_of(world: World, person: Person) -> Any:
    """A checkout of the person's organization, by which Stripe knows it."""
    return check_out_by(world.owner_beside(person))


SUBSCRIPTION: dict[str, Any] = {
    "path": {"subscription_id": own_subscription},
    "not_found": "subscription_not_found",
}
ORDER = order()
CANCEL = {"immediately": False}
