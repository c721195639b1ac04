"""`manage.py reconcile_stripe`, and the worker that asks where Stripe has told nothing."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.person import Person as Buyer
from subscriptions.models import StripeCustomer, Subscription
from subscriptions.services.checkout import open_checkout
from subscriptions.services.reconcile import look_after_customers
from subscriptions.services.sync import LATE
from tests.factories import Person
from tests.subscriptions.buying import buy, order
from tests.subscriptions.happening import counted, license_of, only


def run() -> str:
    """What the command says."""
    said = io.StringIO()
    call_command("reconcile_stripe", stdout=said)
    return said.getvalue()


def look_after(fake: FakeStripe, *, days: float) -> int:
    """Stripe's time goes by and so does ours; the worker comes by."""
    fake.advance(days=days)
    return look_after_customers(clock=lambda: timezone.now() + timedelta(days=days))


class TestReconcileStripe:
    def test_repairs_what_no_event_told(self, fake: FakeStripe, owner: Person) -> None:
        checkout = open_checkout(by=owner.membership, now=timezone.now(), **order(seats=3))
        Buyer(fake).pays(str(checkout.stripe_session_id))
        assert "repaired cus_" in run()
        assert license_of(owner).max_seats == 3
        assert counted(owner) == {"checkout.completed": 1, "invoice.paid": 1, "subscription.created": 1}

    def test_changes_nothing_the_second_time(self, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        before = counted(owner)
        assert run() == "customers: 1\neverything is as Stripe says\n"
        assert counted(owner) == before

    def test_leaves_what_stripe_does_not_know(self, fake: FakeStripe, owner: Person, outsider: Person) -> None:
        stranger = buy(fake, outsider)
        customer_id = StripeCustomer.objects.for_organization(outsider.organization).get().stripe_customer_id
        Subscription.objects.filter(pk=stranger.pk).update(stripe_subscription_id="sub_of_another_account")
        checkout = open_checkout(by=owner.membership, now=timezone.now(), **order(seats=3))
        Buyer(fake).pays(str(checkout.stripe_session_id))
        said = run()
        assert f"unknown to Stripe, left as it is: {customer_id}\n" in said
        assert license_of(owner).max_seats == 3
        stranger.refresh_from_db()
        outsider.organization.refresh_from_db()
        assert (stranger.status, license_of(outsider).status, outsider.organization.plan) == ("active", "active", "pro")

    def test_says_whom_it_could_not_ask_about(self, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        fake.switch("error_500")
        with pytest.raises(CommandError, match="1 customers"):
            run()
        assert license_of(owner).status == "active"


class TestLookAfterCustomers:
    def test_asks_about_a_renewal_of_which_nothing_was_heard(self, fake: FakeStripe, owner: Person) -> None:
        first = buy(fake, owner).current_period_end
        assert look_after(fake, days=32) == 1
        assert only(owner).current_period_end > first

    def test_asks_nobody_before(self, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        assert look_after(fake, days=20) == 0

    def test_suspends_after_the_days_of_grace(self, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        fake.switch("card_declined")
        for days in (32, 6.5):
            look_after(fake, days=days)
        customer = StripeCustomer.objects.get()
        assert customer.look_at is not None
        since = only(owner).past_due_at
        assert since is not None
        later = since + timedelta(days=7, seconds=1)
        assert license_of(owner).status == "active"
        look_after_customers(clock=lambda: later)
        assert license_of(owner).status == "suspended"

    def test_suspends_nobody_while_stripe_is_away(self, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        fake.switch("card_declined")
        look_after(fake, days=32)
        fake.switch("error_500")
        later = timezone.now() + timedelta(days=60)
        look_after_customers(clock=lambda: later)
        assert license_of(owner).status == "active"
        assert StripeCustomer.objects.get().look_at == later + LATE
