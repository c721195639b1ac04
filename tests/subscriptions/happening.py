"""What happens at Stripe reaches us: every event is delivered to the endpoint, and the worker does its work."""

from collections.abc import Iterable
from typing import Any

from django.test import Client
from django.utils import timezone

from coditect.journal.models import Event
from coditect.local.fake_stripe.deliveries import Delivery
from coditect.local.fake_stripe.fake import FakeStripe
from licenses.models import License
from subscriptions.models import Subscription
from tests.factories import Person
from webhooks.services.handle import handle_events

URL, SECRET = "http://testserver/api/v1/webhooks/stripe/", "whsec_test"


def send(delivery: Delivery) -> int:
    """Give a request of Stripe's to our endpoint; the status."""
    return (
        Client()
        .post(
            "/api/v1/webhooks/stripe/",
            delivery.body,
            content_type="application/json",
            headers={"stripe-signature": delivery.headers["Stripe-Signature"]},
        )
        .status_code
    )


def hear(fake: FakeStripe) -> None:
    """Let everything that Stripe has to tell arrive, and be handled."""
    while fake.deliver(send):
        pass
    while handle_events(clock=timezone.now):
        pass


def license_of(person: Person) -> License:
    """The license that was paid for."""
    return License.objects.for_organization(person.organization).exclude(tier="free").get()


def only(person: Person) -> Subscription:
    """The organization's one subscription."""
    return Subscription.objects.for_organization(person.organization).get()


def told(person: Person, *prefixes: str) -> list[str]:
    """The types of what was recorded of billing, in order."""
    events = Event.objects.for_organization(person.organization.pk).order_by("at", "id")
    kinds: Iterable[str] = prefixes or ("subscription.", "invoice.", "checkout.")
    return [event.type for event in events if event.type.startswith(tuple(kinds))]


def counted(person: Person) -> dict[str, int]:
    """How often each was recorded."""
    types = told(person)
    return {name: types.count(name) for name in sorted(set(types))}


def data_of(person: Person, event_type: str) -> list[dict[str, Any]]:
    """What was told of events of a type."""
    return [event.data for event in Event.objects.for_organization(person.organization.pk).filter(type=event_type)]
