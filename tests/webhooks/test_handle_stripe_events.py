"""What came in is handled: again where it failed, once where it did not, and never in anybody's way."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from coditect.journal.models import Event
from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.person import Person as Buyer
from subscriptions import stripe
from subscriptions.models import Effect, StripeCustomer, Subscription
from tests.factories import Person
from tests.fake_stripe.client import InProcessClient
from tests.subscriptions.buying import check_out_by
from tests.subscriptions.happening import counted
from tests.subscriptions.histories import Deadly, Killed
from webhooks.models import StripeEvent
from webhooks.services.handle import BACK_OFF, CLAIM, handle_again, handle_events
from webhooks.services.inbox import KEPT, IncomingEvent, prune_events, receive_event

NOW = timezone.now()


@pytest.fixture
def customer(fake: FakeStripe, owner: Person) -> StripeCustomer:
    """The owner's organization, as Stripe knows it."""
    id = stripe.create_customer({"email": "owner@example.com"}, key="once")
    return StripeCustomer.objects.create(organization=owner.organization, stripe_customer_id=id)


def arrive(customer_id: str, *, number: int = 1, at: datetime = NOW) -> StripeEvent:
    """An event comes in."""
    id = f"evt_{number}"
    event = IncomingEvent(
        id=id, type="customer.subscription.updated", occurred_at=at, customer_id=customer_id, object_id="sub_1"
    )
    assert receive_event(event, now=at)
    return StripeEvent.objects.get(pk=id)


def pays(fake: FakeStripe, person: Person) -> None:
    """Something is bought, of which nobody here has heard."""
    checkout = check_out_by(person, seats=3)
    Buyer(fake).pays(str(checkout.stripe_session_id))


def dies_at_the_mark(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
    """The worker is killed in the moment in which it would mark the event as done."""
    if sql.startswith('UPDATE "webhooks_stripeevent" SET "status"') and "done_at" in sql:
        raise Killed
    return execute(sql, *args)


def work(*, at: datetime = NOW) -> int:
    """A worker comes by; how many events it handled."""
    return handle_events(clock=lambda: at)


class TestHandleEvents:
    def test_marks_them_as_done(self, customer: StripeCustomer) -> None:
        event = arrive(customer.stripe_customer_id)
        assert work() == 1
        event.refresh_from_db()
        assert (event.status, event.done_at, event.attempts, event.last_error) == ("done", NOW, 1, "")
        assert work() == 0

    def test_tries_again_later_and_later(self, customer: StripeCustomer, fake: FakeStripe) -> None:
        event, at = arrive(customer.stripe_customer_id), NOW
        fake.switch("error_500")
        for wait in BACK_OFF:
            assert work(at=at) == 0
            event.refresh_from_db()
            assert (event.status, event.last_error, event.next_attempt_at) == (
                "pending",
                "StripeUnavailable",
                at + wait,
            )
            assert work(at=at + wait / 2) == 0
            at += wait
        attempts = event.attempts
        work(at=at)
        event.refresh_from_db()
        assert (event.status, event.attempts) == ("failed", attempts + 1)
        assert at - NOW > timedelta(days=2)

    def test_succeeds_at_a_later_try(self, customer: StripeCustomer, fake: FakeStripe) -> None:
        event = arrive(customer.stripe_customer_id)
        fake.switch("time_out", times=1)
        assert (work(), work(at=NOW + BACK_OFF[0])) == (0, 1)
        event.refresh_from_db()
        assert (event.status, event.last_error) == ("done", "")

    def test_stops_where_stripe_is_away(self, customer: StripeCustomer, fake: FakeStripe) -> None:
        for number in range(5):
            arrive(customer.stripe_customer_id, number=number)
        fake.switch("error_500")
        work()
        assert sorted(StripeEvent.objects.values_list("attempts", flat=True)) == [0, 0, 1, 1, 1]

    def test_leaves_other_products_customers_alone(self, fake: FakeStripe, owner: Person) -> None:
        event = arrive("cus_somebody_else")
        assert work() == 1
        event.refresh_from_db()
        assert (event.status, event.last_error) == ("done", "unknown_customer")

    def test_keeps_an_event_whose_worker_died_for_another(self, customer: StripeCustomer, fake: FakeStripe) -> None:
        event = arrive(customer.stripe_customer_id)
        stripe.talk_through(Deadly(fake, lambda: True))
        with pytest.raises(Killed):
            work()
        stripe.talk_through(InProcessClient(fake))
        assert (work(), work(at=NOW + CLAIM / 2), work(at=NOW + CLAIM)) == (0, 0, 1)
        event.refresh_from_db()
        assert event.attempts == 2

    def test_gives_up_what_kills_every_worker(self, customer: StripeCustomer) -> None:
        arrive(customer.stripe_customer_id)
        StripeEvent.objects.update(attempts=len(BACK_OFF) + 1)
        assert work() == 0
        assert StripeEvent.objects.get().status == "failed"

    def test_leaves_no_effect_of_an_event_that_is_not_marked(
        self, customer: StripeCustomer, fake: FakeStripe, owner: Person
    ) -> None:
        pays(fake, owner)
        event = arrive(customer.stripe_customer_id)
        with connection.execute_wrapper(dies_at_the_mark), pytest.raises(Killed):
            work()
        assert not Subscription.objects.exists()
        assert not Effect.objects.exists()
        assert not Event.objects.filter(type__startswith="invoice.").exists()
        event.refresh_from_db()
        assert (event.status, event.attempts) == ("pending", 1)
        assert work(at=NOW + CLAIM) == 1
        assert counted(owner) == {"checkout.completed": 1, "invoice.paid": 1, "subscription.created": 1}

    def test_marks_nothing_whose_effects_are_undone(self, customer: StripeCustomer) -> None:
        event = arrive(customer.stripe_customer_id)
        with transaction.atomic():
            work()
            transaction.set_rollback(True)
        event.refresh_from_db()
        assert event.status == "pending"


class TestHandleAgain:
    def test_takes_up_what_was_given_up(self, customer: StripeCustomer) -> None:
        event = arrive(customer.stripe_customer_id)
        StripeEvent.objects.update(status="failed", attempts=20, next_attempt_at=NOW + timedelta(days=1))
        assert handle_again(event_id=event.pk, now=NOW)
        assert work() == 1

    def test_takes_up_what_was_done(self, customer: StripeCustomer) -> None:
        event = arrive(customer.stripe_customer_id)
        work()
        assert handle_again(event_id=event.pk, now=NOW)
        assert work() == 1

    def test_has_nothing_to_do_for_what_is_due(self, customer: StripeCustomer) -> None:
        assert not handle_again(event_id=arrive(customer.stripe_customer_id).pk, now=NOW)


class TestPruneEvents:
    def test_forgets_what_was_done_long_ago_and_keeps_what_failed(self, customer: StripeCustomer) -> None:
        for number, status in enumerate(("done", "failed", "pending")):
            event = arrive(customer.stripe_customer_id, number=number)
            StripeEvent.objects.filter(pk=event.pk).update(status=status)
        prune_events(now=NOW + KEPT)
        assert StripeEvent.objects.count() == 3
        prune_events(now=NOW + KEPT + timedelta(seconds=1))
        assert sorted(StripeEvent.objects.values_list("status", flat=True)) == ["failed", "pending"]
