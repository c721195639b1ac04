"""Several workers at once: each event is handled by one of them, and a customer's one after the other."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connections
from django.utils import timezone

from coditect.journal.models import Event
from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.person import Person as Buyer
from licenses.models import License
from subscriptions.services.checkout import open_checkout
from tests.factories import Person, make_person
from tests.subscriptions.buying import order
from webhooks.models import StripeEvent
from webhooks.serializers.stripe_events import read_event
from webhooks.services.handle import handle_events
from webhooks.services.inbox import receive_event

WORKERS, BUYERS = 4, 3
ONCE = ("license.created", "checkout.completed", "invoice.paid", "subscription.created")


def work(_: int) -> None:
    """One worker, with connections of its own, until nothing is due."""
    try:
        while handle_events(clock=timezone.now):
            pass
    finally:
        connections.close_all()


def later() -> datetime:
    """When whatever had to wait for another's lock for too long is due again."""
    return timezone.now() + timedelta(minutes=5)


def buy(fake: FakeStripe) -> Person:
    """Seats are paid, and nobody here has heard of it."""
    person = make_person()
    checkout = open_checkout(by=person.membership, now=timezone.now(), **order(seats=3))
    Buyer(fake).pays(str(checkout.stripe_session_id))
    return person


@pytest.mark.django_db(transaction=True)
class TestWorkersAtOnce:
    def test_issue_each_license_once(self, fake: FakeStripe) -> None:
        fake.listen("http://testserver/", secret="whsec_test")
        fake.switch("twin")
        people = [buy(fake) for _ in range(BUYERS)]
        deliveries = fake.take_deliveries()
        for delivery in deliveries:
            receive_event(read_event(delivery.body), now=timezone.now())
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(work, range(WORKERS)))
        handle_events(clock=later)
        assert set(StripeEvent.objects.values_list("status", flat=True)) == {"done"}
        for person in people:
            licenses = License.objects.for_organization(person.organization).exclude(tier="free")
            assert [license.max_seats for license in licenses] == [3]
            events = Event.objects.for_organization(person.organization.pk)
            counts = {name: events.filter(type=name).count() for name in ONCE}
            # One license is the free one.
            assert counts == dict.fromkeys(ONCE, 1) | {"license.created": 2}
