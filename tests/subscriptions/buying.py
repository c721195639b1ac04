"""Short words for what the tests of subscriptions do again and again."""

from typing import Any

from django.utils import timezone

from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.person import Person as Buyer
from subscriptions.models import Checkout, Subscription
from subscriptions.services.checkout import open_checkout
from subscriptions.services.find import find_subscription
from subscriptions.services.sync import sync_customer
from tests.dialects import Answer, Api
from tests.factories import Person

MONTHLY, YEARLY, TEAM = "price_pro_monthly", "price_pro_yearly", "price_team_monthly"
SUCCESS, CANCEL = "https://app.coditect.ai/success", "https://app.coditect.ai/pricing"


def order(**changes: Any) -> dict[str, Any]:
    """The body of a checkout: five seats of Pro by the month."""
    return {"price_id": MONTHLY, "seats": 5, "success_url": SUCCESS, "cancel_url": CANCEL} | changes


def check_out(api: Api, person: Person, **changes: Any) -> Answer:
    """Open a checkout."""
    return api.as_bearer(person.token).post("checkout", order(**changes))


def buy(fake: FakeStripe, person: Person, *, seats: int = 5, price_id: str = MONTHLY) -> Subscription:
    """A subscription, bought and paid, and known here."""
    checkout = check_out_by(person, seats=seats, price_id=price_id)
    Buyer(fake).pays(str(checkout.stripe_session_id))
    return learn(person)


def check_out_by(person: Person, **changes: Any) -> Checkout:
    """The same without the API."""
    return open_checkout(by=person.membership, now=timezone.now(), **order(**changes))


def learn(person: Person) -> Subscription:
    """Write what Stripe says by now."""
    sync_customer(organization=person.organization, now=timezone.now())
    return find_subscription(organization=person.organization)


def charged(fake: FakeStripe) -> list[int]:
    """The amounts of all successful charges, in cents."""
    return [charge["amount"] for charge in fake.objects("charge") if charge["paid"]]


def at_stripe(fake: FakeStripe) -> Any:
    """The only subscription there."""
    (subscription,) = fake.objects("subscription")
    return subscription
