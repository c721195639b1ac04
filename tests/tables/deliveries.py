"""What the operations of deliveries need to be there, and what they are sent."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from tests.factories import Person
from tests.tables.world import World
from tests.webhooks.factories import make_delivery, make_endpoint
from tests.webhooks.telling import tell
from webhooks.models import Delivery


def delivery_of(person: Person) -> Delivery:
    """An event of the person's organization that an endpoint was sent."""
    event = tell(person.organization, "license.renewed")
    sent = {"status": "succeeded", "attempts": 1, "finished_at": timezone.now()}
    return make_delivery(make_endpoint(person.organization), event_id=event.pk, event_type=event.type, **sent)


def webhook_with_a_delivery(world: World, person: Person) -> Any:
    """The id of an endpoint of the person's organization, that was sent something."""
    return delivery_of(person).endpoint_id


def own_delivery(world: World, person: Person) -> Any:
    """The id of what the newest endpoint of the person's organization was sent."""
    return Delivery.objects.for_organization(person.organization).latest("position").pk


def an_hour_ago(world: World, person: Person) -> Any:
    """A moment to replay from."""
    return (timezone.now() - timedelta(hours=1)).isoformat()


DELIVERIES: dict[str, Any] = {"path": {"webhook_id": webhook_with_a_delivery}, "not_found": "webhook_not_found"}
# The last of the path is what the tables replace by nobody's id.
DELIVERY: dict[str, Any] = {
    "path": {"webhook_id": webhook_with_a_delivery, "delivery_id": own_delivery},
    "not_found": "webhook_not_found",
}
SINCE: dict[str, Any] = {"since": an_hour_ago}
