"""Stripe's clock and ours: days of grace go by the later of the two, and by the latest time that was heard."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from coditect.local.fake_stripe.fake import FakeStripe
from subscriptions import stripe
from subscriptions.models import StripeCustomer
from subscriptions.services import dunning
from subscriptions.services.sync import Hint, synchronize
from tests.factories import Person
from tests.subscriptions.buying import buy, learn
from tests.subscriptions.happening import license_of, only

NOW = timezone.now()
DAY = timedelta(days=1)


@pytest.fixture
def behind(fake: FakeStripe, owner: Person) -> Person:
    """Somebody whose renewal has failed."""
    buy(fake, owner)
    fake.switch("card_declined")
    fake.advance(days=32)
    learn(owner)
    return owner


def hear_at(person: Person, days: float) -> None:
    """An event of so many days after the failure is handled, by our clock long before."""
    since = only(person).past_due_at
    assert since is not None
    hint = Hint(type="customer.subscription.updated", at=since + days * DAY)
    synchronize(customer_id=StripeCustomer.objects.get().stripe_customer_id, hint=hint, now=NOW)


def look(person: Person, *, days: float) -> None:
    """We ask, so many days after the failure by our clock, and nobody has told anything."""
    since = only(person).past_due_at
    assert since is not None
    synchronize(customer_id=StripeCustomer.objects.get().stripe_customer_id, now=since + days * DAY)


class TestTheLatestTimeThatWasHeard:
    def test_does_not_go_back(self, behind: Person) -> None:
        for days in (5, 2, 4):
            hear_at(behind, days)
        heard_at = StripeCustomer.objects.get().heard_at
        assert heard_at is not None
        assert heard_at - 5 * DAY == only(behind).past_due_at

    def test_counts_where_ours_is_behind_it(self, behind: Person) -> None:
        hear_at(behind, 6.9)
        assert license_of(behind).status == "active"
        hear_at(behind, 7)
        assert license_of(behind).status == "suspended"

    def test_does_not_count_where_ours_is_ahead_of_it(self, behind: Person) -> None:
        hear_at(behind, 1)
        look(behind, days=7)
        assert license_of(behind).status == "suspended"


class TestDaysOfGrace:
    def test_count_from_the_oldest_invoice_that_is_owed(self, fake: FakeStripe, behind: Person) -> None:
        (customer,) = fake.objects("customer")
        (said,) = stripe.list_subscriptions(customer["id"])
        (owed,) = [each for each in stripe.list_invoices(customer["id"]) if each.status == "open"]
        assert owed.finalized_at is not None
        older = replace(owed, id="in_older", finalized_at=owed.finalized_at - DAY)
        paid = replace(older, id="in_paid", status="paid", finalized_at=owed.finalized_at - 2 * DAY)
        assert dunning.due_since(said, [owed, older, paid]) == owed.finalized_at - DAY

    def test_are_more_than_those_until_the_last_reminder(self) -> None:
        assert max(dunning.REMINDERS.values()) < dunning.GRACE

    def test_that_are_made_fewer_are_fewer_for_whoever_is_behind(
        self, behind: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hear_at(behind, 3)
        assert license_of(behind).status == "active"
        monkeypatch.setattr(dunning, "GRACE", 2 * DAY)
        learn(behind)
        assert license_of(behind).status == "suspended"

    def test_that_are_made_more_give_no_seats_back_before_it_is_paid(
        self, behind: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hear_at(behind, 7)
        monkeypatch.setattr(dunning, "GRACE", 30 * DAY)
        learn(behind)
        assert license_of(behind).status == "suspended"
