"""What happens when time passes: renewals, failed ones, trials, test clocks."""

from datetime import UTC, datetime

import pytest
import stripe

from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.person import Person
from coditect.local.fake_stripe.resources.periods import next_end
from tests.fake_stripe.account import (
    DAY,
    DECLINING,
    charged,
    event_types,
    item_of,
    make_customer,
    open_checkout,
    subscribe,
)

MONTH = {"interval": "month", "interval_count": 1}
YEAR = {"interval": "year", "interval_count": 1}


def status_of(client: stripe.StripeClient, subscription: stripe.Subscription) -> str:
    return client.v1.subscriptions.retrieve(subscription.id).status


@pytest.fixture
def failing(fake: FakeStripe, client: stripe.StripeClient, person: Person) -> stripe.Subscription:
    """A subscription whose first renewal has just failed."""
    subscription = subscribe(client, person)
    person.changes_card(str(subscription.customer), number=DECLINING)
    fake.advance(seconds=item_of(subscription).current_period_end - fake.world.now() + 3600)
    return subscription


class TestPeriods:
    @pytest.mark.parametrize(
        ("anchor", "recurring", "after", "end"),
        [
            ((2026, 1, 31), MONTH, (2026, 1, 31), (2026, 2, 28)),
            ((2026, 1, 31), MONTH, (2026, 2, 28), (2026, 3, 31)),
            ((2026, 12, 15), MONTH, (2026, 12, 15), (2027, 1, 15)),
            ((2028, 2, 29), YEAR, (2028, 2, 29), (2029, 2, 28)),
            ((2028, 2, 29), YEAR, (2031, 2, 28), (2032, 2, 29)),
            ((2026, 1, 1), {"interval": "week", "interval_count": 2}, (2026, 1, 1), (2026, 1, 15)),
            ((2026, 1, 1), {"interval": "day", "interval_count": 1}, (2026, 1, 5), (2026, 1, 6)),
        ],
    )
    def test_end_as_calendars_do(
        self,
        anchor: tuple[int, int, int],
        recurring: dict[str, object],
        after: tuple[int, int, int],
        end: tuple[int, int, int],
    ) -> None:
        begun, moment = (int(datetime(*date, tzinfo=UTC).timestamp()) for date in (anchor, after))
        assert datetime.fromtimestamp(next_end(begun, recurring, after=moment), UTC) == datetime(*end, tzinfo=UTC)


class TestRenewal:
    def test_drafts_an_invoice_that_is_charged_an_hour_later(
        self, fake: FakeStripe, client: stripe.StripeClient, person: Person
    ) -> None:
        before = subscribe(client, person, seats=2)
        fake.advance(seconds=item_of(before).current_period_end - fake.world.now() + 1)
        renewed = client.v1.subscriptions.retrieve(before.id)
        assert item_of(renewed).current_period_start == item_of(before).current_period_end
        draft = client.v1.invoices.retrieve(str(renewed.latest_invoice))
        assert (draft.status, draft.billing_reason, charged(fake)) == ("draft", "subscription_cycle", [9800])
        fake.advance(seconds=3600)
        paid = client.v1.invoices.retrieve(draft.id)
        assert (paid.status, charged(fake)) == ("paid", [9800, 9800])
        assert (paid.period_start, paid.period_end) == (
            item_of(before).current_period_start,
            item_of(before).current_period_end,
        )
        assert paid.lines.data[0].period.end == item_of(renewed).current_period_end

    def test_comes_every_month(self, fake: FakeStripe, client: stripe.StripeClient, person: Person) -> None:
        subscription = subscribe(client, person, seats=1)
        fake.advance(days=366)
        assert len(charged(fake)) == 13
        assert status_of(client, subscription) == "active"
        numbers = [invoice["number"] for invoice in fake.objects("invoice")]
        assert len(set(numbers)) == 13

    def test_by_a_customer_without_a_card_fails(
        self, fake: FakeStripe, client: stripe.StripeClient, person: Person
    ) -> None:
        subscription = subscribe(client, person)
        client.v1.payment_methods.detach(str(subscription.default_payment_method))
        fake.advance(days=32)
        assert status_of(client, subscription) == "past_due"


class TestFailedRenewal:
    def test_makes_past_due(self, fake: FakeStripe, client: stripe.StripeClient, failing: stripe.Subscription) -> None:
        assert status_of(client, failing) == "past_due"
        assert client.v1.customers.retrieve(str(failing.customer)).delinquent is True
        invoice = fake.objects("invoice")[-1]
        assert (invoice["status"], invoice["attempt_count"]) == ("open", 1)
        assert invoice["next_payment_attempt"] == fake.world.now() + DAY
        assert "invoice.payment_failed" in event_types(fake)

    def test_is_retried_for_a_week(self, fake: FakeStripe, client: stripe.StripeClient, failing: object) -> None:
        fake.advance(days=8)
        invoice = fake.objects("invoice")[-1]
        assert (invoice["attempt_count"], invoice["next_payment_attempt"]) == (5, None)
        assert event_types(fake).count("invoice.payment_failed") == 5

    def test_that_is_paid_by_a_retry_makes_active(
        self, fake: FakeStripe, client: stripe.StripeClient, person: Person, failing: stripe.Subscription
    ) -> None:
        person.changes_card(str(failing.customer))
        fake.advance(days=1)
        assert status_of(client, failing) == "active"
        assert client.v1.customers.retrieve(str(failing.customer)).delinquent is False

    def test_that_is_paid_by_hand_makes_active(
        self, fake: FakeStripe, client: stripe.StripeClient, person: Person, failing: stripe.Subscription
    ) -> None:
        fake.advance(days=8)
        person.changes_card(str(failing.customer))
        assert client.v1.invoices.pay(fake.objects("invoice")[-1]["id"]).status == "paid"
        assert status_of(client, failing) == "active"

    def test_makes_active_only_when_the_latest_invoice_is_paid(
        self, fake: FakeStripe, client: stripe.StripeClient, person: Person, failing: stripe.Subscription
    ) -> None:
        fake.advance(days=40)
        person.changes_card(str(failing.customer))
        older, latest = (invoice["id"] for invoice in fake.objects("invoice", status="open"))
        person.pays_invoice(older)
        assert status_of(client, failing) == "past_due"
        person.pays_invoice(latest)
        assert status_of(client, failing) == "active"

    def test_that_is_paid_in_vain_stays_and_counts(
        self, fake: FakeStripe, client: stripe.StripeClient, failing: stripe.Subscription
    ) -> None:
        with pytest.raises(stripe.CardError):
            client.v1.invoices.pay(fake.objects("invoice")[-1]["id"])
        assert fake.objects("invoice")[-1]["attempt_count"] == 2
        assert [charge["status"] for charge in fake.objects("charge")] == ["succeeded", "failed", "failed"]

    @pytest.mark.parametrize("rule", ["past_due", "unpaid", "canceled"])
    def test_ends_as_the_account_says(
        self, fake: FakeStripe, client: stripe.StripeClient, failing: stripe.Subscription, rule: str
    ) -> None:
        with fake.change() as world:
            world.store.set("after_retries", rule)
        fake.advance(days=8)
        assert status_of(client, failing) == rule

    def test_of_an_unpaid_one_lets_new_invoices_stay_drafts(
        self, fake: FakeStripe, client: stripe.StripeClient, failing: stripe.Subscription
    ) -> None:
        with fake.change() as world:
            world.store.set("after_retries", "unpaid")
        fake.advance(days=40)
        assert fake.objects("invoice")[-1]["status"] == "draft"

    def test_cannot_be_paid_twice(
        self, fake: FakeStripe, client: stripe.StripeClient, person: Person, failing: stripe.Subscription
    ) -> None:
        person.changes_card(str(failing.customer))
        invoice = fake.objects("invoice")[-1]["id"]
        client.v1.invoices.pay(invoice)
        with pytest.raises(stripe.InvalidRequestError, match="already paid"):
            client.v1.invoices.pay(invoice)


class TestTrial:
    def test_is_announced_three_days_before_its_end(
        self, fake: FakeStripe, client: stripe.StripeClient, person: Person
    ) -> None:
        subscribe(client, person, days=14)
        fake.advance(days=10.9)
        assert "customer.subscription.trial_will_end" not in event_types(fake)
        fake.advance(days=0.2)
        assert event_types(fake).count("customer.subscription.trial_will_end") == 1

    def test_becomes_a_paid_period(self, fake: FakeStripe, client: stripe.StripeClient, person: Person) -> None:
        subscription = subscribe(client, person, seats=2, days=14)
        fake.advance(days=14.1)
        assert status_of(client, subscription) == "active"
        assert charged(fake) == [9800]

    def test_ends_past_due_where_the_card_declines(
        self, fake: FakeStripe, client: stripe.StripeClient, person: Person
    ) -> None:
        subscription = subscribe(client, person, days=14)
        person.changes_card(str(subscription.customer), number=DECLINING)
        fake.advance(days=14.1)
        assert status_of(client, subscription) == "past_due"

    def test_can_be_ended_now(self, fake: FakeStripe, client: stripe.StripeClient, person: Person) -> None:
        subscription = subscribe(client, person, seats=1, days=14)
        ended = client.v1.subscriptions.update(subscription.id, {"trial_end": "now"})
        assert (ended.status, charged(fake)) == ("active", [4900])

    @pytest.mark.parametrize(
        ("rule", "status"), [("cancel", "canceled"), ("pause", "paused"), ("create_invoice", "past_due")]
    )
    def test_without_a_card_ends_as_its_settings_say(
        self, fake: FakeStripe, client: stripe.StripeClient, rule: str, status: str
    ) -> None:
        customer = make_customer(client, card=None)
        made = client.v1.subscriptions.create(
            {
                "customer": customer.id,
                "items": [{"price": "price_pro_monthly"}],
                "trial_period_days": 14,
                "trial_settings": {"end_behavior": {"missing_payment_method": rule}},
            }
        )
        fake.advance(days=15)
        assert status_of(client, made) == status

    def test_that_ended_in_a_pause_can_be_taken_up(
        self, fake: FakeStripe, client: stripe.StripeClient, person: Person
    ) -> None:
        customer = make_customer(client, card=None)
        made = client.v1.subscriptions.create(
            {
                "customer": customer.id,
                "items": [{"price": "price_pro_monthly"}],
                "trial_period_days": 14,
                "trial_settings": {"end_behavior": {"missing_payment_method": "pause"}},
            }
        )
        fake.advance(days=15)
        person.changes_card(customer.id)
        assert client.v1.subscriptions.resume(made.id).status == "active"
        told = event_types(fake)
        assert {"customer.subscription.paused", "customer.subscription.resumed"} <= set(told)


class TestTestClock:
    def test_moves_its_customers_alone(self, fake: FakeStripe, client: stripe.StripeClient, person: Person) -> None:
        other = subscribe(client, person, seats=1)
        clock = client.v1.test_helpers.test_clocks.create({"frozen_time": fake.world.now()})
        customer = client.v1.customers.create({"test_clock": clock.id})
        session = client.v1.checkout.sessions.create(
            {
                "mode": "subscription",
                "customer": customer.id,
                "line_items": [{"price": "price_pro_monthly", "quantity": 1}],
                "success_url": "http://localhost/",
            }
        )
        own = person.pays(session.id)["subscription"]
        client.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": fake.world.now() + 32 * DAY})
        found = {name: client.v1.invoices.list({"subscription": name}).data for name in (own, other.id)}
        assert (len(found[own]), len(found[other.id])) == (2, 1)
        assert client.v1.test_helpers.test_clocks.retrieve(clock.id).status == "ready"

    def test_does_not_go_back(self, fake: FakeStripe, client: stripe.StripeClient) -> None:
        clock = client.v1.test_helpers.test_clocks.create({"frozen_time": fake.world.now()})
        with pytest.raises(stripe.InvalidRequestError, match="future"):
            client.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": fake.world.now() - 1})

    def test_takes_along_what_lives_on_it(self, fake: FakeStripe, client: stripe.StripeClient) -> None:
        clock = client.v1.test_helpers.test_clocks.create({"frozen_time": fake.world.now()})
        client.v1.customers.create({"test_clock": clock.id})
        client.v1.test_helpers.test_clocks.delete(clock.id)
        assert fake.objects("customer") == []


class TestTheAccountsClock:
    def test_does_not_move_what_endpoints_check(self, fake: FakeStripe, client: stripe.StripeClient) -> None:
        real = fake.world.real_now()
        fake.advance(days=100)
        client.v1.checkout.sessions.expire(open_checkout(client).id)
        assert fake.world.real_now() == real
        assert f"t={int(real)}," in fake.take_deliveries()[-1].headers["Stripe-Signature"]
