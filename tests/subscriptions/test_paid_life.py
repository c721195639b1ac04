"""The life of a paid license: what happens at Stripe happens to seats, by events alone."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from coditect.journal.models import Mail
from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.person import Person as Buyer
from licenses.models import License
from licenses.services.life import revoke_license, suspend_license
from subscriptions.models import Price, StripeCustomer
from subscriptions.services.cancel import cancel_subscription
from subscriptions.services.checkout import open_checkout
from subscriptions.services.sync import sync_customer
from tests.factories import Person
from tests.mails import deliver, text_of
from tests.subscriptions.buying import MONTHLY, TEAM, at_stripe, order
from tests.subscriptions.happening import SECRET, URL, counted, data_of, hear, license_of, only, told
from webhooks.models import StripeEvent

DAY = timedelta(days=1)
SLACK = DAY


@pytest.fixture(autouse=True)
def _listening(fake: FakeStripe, settings: Settings) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = [SECRET]
    fake.listen(URL, secret=SECRET)


def buy(fake: FakeStripe, person: Person, **wanted: object) -> None:
    """Buy seats, and hear of it."""
    checkout = open_checkout(by=person.membership, now=timezone.now(), **order(**{"seats": 3} | wanted))
    Buyer(fake).pays(str(checkout.stripe_session_id))
    hear(fake)


def fail(fake: FakeStripe, person: Person, *, days: float = 0) -> None:
    """Let the next renewal fail, and some days go by."""
    fake.switch("card_declined")
    left = only(person).current_period_end - timezone.now()
    fake.advance(seconds=left.total_seconds() + 2 * 3600)
    hear(fake)
    wait(fake, days=days)


def wait(fake: FakeStripe, *, days: float) -> None:
    """Let days go by at Stripe, where events tell of it."""
    fake.advance(days=days)
    hear(fake)


class TestBuying:
    def test_gives_a_license_with_so_many_seats(self, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        license, subscription = license_of(owner), only(owner)
        assert (license.tier, license.max_seats, license.status, license.renews_itself) == ("pro", 3, "active", True)
        assert license.expires_at == subscription.current_period_end + SLACK
        assert license.features == subscription.price.plan.features
        assert (subscription.license, subscription.status) == (license, "active")
        owner.organization.refresh_from_db()
        assert owner.organization.plan == "pro"

    def test_is_told_of_once(self, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        assert counted(owner) == {"checkout.completed": 1, "invoice.paid": 1, "subscription.created": 1}
        assert data_of(owner, "invoice.paid")[0]["amount_paid"] == 3 * 4900
        assert data_of(owner, "subscription.created")[0]["license_id"] == str(license_of(owner).pk)

    def test_leaves_no_event_unhandled(self, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        assert set(StripeEvent.objects.values_list("status", "attempts", "last_error")) == {("done", 1, "")}

    def test_leaves_others_alone(self, fake: FakeStripe, owner: Person, outsider: Person) -> None:
        buy(fake, owner)
        assert not License.objects.for_organization(outsider.organization).exclude(tier="free").exists()
        assert counted(outsider) == {}

    def test_of_a_plan_gives_its_tier(self, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner, price_id=TEAM, seats=5)
        assert license_of(owner).tier == "team"

    def test_that_is_given_up_is_told_of(self, fake: FakeStripe, owner: Person) -> None:
        open_checkout(by=owner.membership, now=timezone.now(), **order())
        wait(fake, days=2)
        assert counted(owner) == {"checkout.expired": 1}


class TestNews:
    @pytest.mark.parametrize("road", ["duplicate", "twin", "reordered"])
    def test_that_comes_oddly_means_the_same(self, fake: FakeStripe, owner: Person, road: str) -> None:
        fake.switch(road)
        buy(fake, owner)
        assert counted(owner) == {"checkout.completed": 1, "invoice.paid": 1, "subscription.created": 1}
        assert told(owner, "license.created") == ["license.created"] * 2
        assert license_of(owner).max_seats == 3

    def test_that_is_lost_costs_nothing_once_anything_is_heard(self, fake: FakeStripe, owner: Person) -> None:
        fake.switch("lost")
        buy(fake, owner)
        assert not License.objects.for_organization(owner.organization).exclude(tier="free").exists()
        fake.switch("lost", times=0)
        wait(fake, days=32)
        assert (license_of(owner).max_seats, counted(owner)["invoice.paid"]) == (3, 2)

    def test_of_an_unknown_price_waits_for_the_price(self, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        Price.objects.filter(pk=MONTHLY).update(stripe_price_id="price_of_old")
        wait(fake, days=32)
        assert "PriceUnknown" in StripeEvent.objects.exclude(status="done").values_list("last_error", flat=True)
        Price.objects.filter(pk=MONTHLY).update(stripe_price_id=MONTHLY)
        StripeEvent.objects.update(next_attempt_at=timezone.now())
        hear(fake)
        assert not StripeEvent.objects.exclude(status="done").exists()


class TestRenewal:
    def test_moves_the_end(self, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        first = only(owner).current_period_end
        wait(fake, days=32)
        license = license_of(owner)
        assert license.expires_at == only(owner).current_period_end + SLACK > first + 20 * DAY
        assert counted(owner)["invoice.paid"] == 2
        assert told(owner, "license.renewed") == ["license.renewed"]


class TestSeats:
    def test_follow_the_quantity(self, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        _set_quantity(fake, 7)
        assert license_of(owner).max_seats == 7
        _set_quantity(fake, 2)
        assert license_of(owner).max_seats == 2
        assert counted(owner)["subscription.updated"] == 2

    def test_are_not_raised_while_nothing_is_paid(self, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        fail(fake, owner)
        _set_quantity(fake, 9)
        assert (only(owner).seats, license_of(owner).max_seats) == (9, 3)
        _set_quantity(fake, 1)
        assert license_of(owner).max_seats == 1


def _set_quantity(fake: FakeStripe, quantity: int) -> None:
    from coditect.local.fake_stripe.resources import subscriptions

    found = at_stripe(fake)
    with fake.change() as world:
        item = {"id": found["items"]["data"][0]["id"], "quantity": quantity}
        subscriptions.update(world, {"items": [item], "proration_behavior": "none"}, found["id"])
    hear(fake)


class TestArrears:
    def test_leave_the_seats_at_first(self, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        fail(fake, owner, days=6.5)
        license = license_of(owner)
        assert (only(owner).status, license.status, license.max_seats) == ("past_due", "active", 3)
        assert counted(owner)["subscription.past_due"] == 1

    def test_end_in_suspension_after_seven_days(self, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        fail(fake, owner, days=7.5)
        license = license_of(owner)
        assert (license.status, license.holds, license.seats_in_force) == ("suspended", ["billing"], 0)

    def test_stay_suspended_whatever_our_clock_says(self, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        fail(fake, owner, days=7.5)
        StripeEvent.objects.update(status="pending", next_attempt_at=timezone.now())
        hear(fake)
        assert license_of(owner).status == "suspended"

    def test_are_told_of_at_once_after_three_days_and_after_six(self, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        fail(fake, owner)
        subjects = [deliver()]
        for days in (1.1, 2.1, 2.1):
            wait(fake, days=days)
            subjects.append(deliver())
        due = only(owner).past_due_at
        assert due is not None
        # No event tells of that day.
        StripeCustomer.objects.update(heard_at=due + 6.2 * DAY)
        sync_customer(organization=owner.organization, now=timezone.now())
        subjects.append(deliver())
        assert [[text.subject for text in each] for each in subjects] == [
            ["A payment for Acme Inc has failed"],
            [],
            ["A payment for Acme Inc is still due"],
            [],
            ["Tomorrow the license of Acme Inc is suspended"],
        ]
        assert "147.00 USD" in text_of(subjects[0][0])

    def test_send_only_the_last_of_several_mails_and_say_what_is_so(self, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        fail(fake, owner, days=8)
        assert Mail.objects.count() == 3
        (letter,) = deliver()
        assert letter.subject == "The license of Acme Inc is suspended"
        assert "Since" in text_of(letter)

    def test_end_with_a_payment(self, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        fail(fake, owner, days=8)
        fake.switch("card_declined", times=0)
        (invoice,) = fake.objects("invoice", status="open")
        Buyer(fake).pays_invoice(invoice["id"])
        hear(fake)
        license = license_of(owner)
        assert (only(owner).status, only(owner).past_due_at) == ("active", None)
        assert (license.status, license.holds, license.seats_in_force) == ("active", [], 3)
        assert counted(owner)["subscription.resumed"] == 1
        assert deliver() == []

    def test_lift_no_hold_of_others(self, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        suspend_license(license_id=license_of(owner).pk, hold=License.Hold.OPERATOR, now=timezone.now())
        wait(fake, days=32)
        assert license_of(owner).holds == ["operator"]

    def test_are_counted_by_attempts(self, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        fail(fake, owner, days=8)
        attempts = [data["attempt"] for data in data_of(owner, "invoice.payment_failed")]
        assert sorted(attempts) == [1, 2, 3, 4, 5]


class TestCancellation:
    def test_lets_the_license_run_to_the_end_of_the_period(self, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        Buyer(fake).cancels(at_stripe(fake)["id"])
        hear(fake)
        license = license_of(owner)
        assert (license.expires_at, license.renews_itself) == (only(owner).current_period_end, False)
        assert license.is_usable(at=timezone.now())

    def test_ends_it_then_and_falls_back_to_free(self, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        Buyer(fake).cancels(at_stripe(fake)["id"])
        wait(fake, days=32)
        assert license_of(owner).status_at(timezone.now()) == "expired"
        owner.organization.refresh_from_db()
        assert owner.organization.plan == "free"
        assert License.objects.for_organization(owner.organization).usable(at=timezone.now()).get().tier == "free"
        assert counted(owner)["subscription.canceled"] == 1

    def test_taken_back_lets_it_renew_itself_again(self, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        for act in (Buyer(fake).cancels, Buyer(fake).renews):
            act(at_stripe(fake)["id"])
            hear(fake)
        assert license_of(owner).expires_at == only(owner).current_period_end + SLACK

    def test_at_once_ends_it_at_once(self, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        cancel_subscription(organization=owner.organization, immediately=True, now=timezone.now())
        assert license_of(owner).status_at(timezone.now() + timedelta(seconds=1)) == "expired"

    def test_and_another_subscription_in_the_same_second_bring_the_same_key_back(
        self, fake: FakeStripe, owner: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        moment = time.time()
        monkeypatch.setattr(fake.world, "_clock", lambda: moment)
        buy(fake, owner)
        key = license_of(owner).key_string
        cancel_subscription(organization=owner.organization, immediately=True, now=timezone.now())
        buy(fake, owner, seats=4)
        license = license_of(owner)
        assert (license.key_string, license.max_seats) == (key, 4)
        assert license.is_usable(at=timezone.now())

    def test_gives_a_free_license_to_whom_has_none(self, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        License.objects.for_organization(owner.organization).filter(tier="free").delete()
        cancel_subscription(organization=owner.organization, immediately=True, now=timezone.now())
        assert License.objects.for_organization(owner.organization).filter(tier="free").count() == 1


class TestRevocation:
    def test_is_not_undone_by_billing(self, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        revoke_license(license_id=license_of(owner).pk, now=timezone.now())
        wait(fake, days=32)
        assert license_of(owner).status == "revoked"
        assert not StripeEvent.objects.exclude(status="done").exists()
