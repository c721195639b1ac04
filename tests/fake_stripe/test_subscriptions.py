"""What can be done with a subscription while its time stands still."""

from typing import Any

import pytest
import stripe

from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.person import Person
from tests.fake_stripe.account import DECLINING, Clock, charged, event_types, item_of, make_customer, subscribe

SEAT = 4900


def change(client: stripe.StripeClient, subscription: stripe.Subscription, **given: Any) -> stripe.Subscription:
    """Change the one item, and more."""
    item = {"id": item_of(subscription).id}
    item |= {name: given.pop(name) for name in ("quantity", "price") if name in given}
    params: Any = {"items": [item], **given}
    return client.v1.subscriptions.update(subscription.id, params)


class TestCreating:
    def test_charges_the_customers_card(self, fake: FakeStripe, client: stripe.StripeClient) -> None:
        customer = make_customer(client)
        made = client.v1.subscriptions.create(
            {"customer": customer.id, "items": [{"price": "price_pro_yearly", "quantity": 2}]}
        )
        assert made.status == "active"
        assert charged(fake) == [94000]
        assert item_of(made).current_period_end - item_of(made).current_period_start == 365 * 86400

    def test_without_a_card_is_refused(self, fake: FakeStripe, client: stripe.StripeClient) -> None:
        customer = make_customer(client, card=None)
        with pytest.raises(stripe.InvalidRequestError, match="no attached payment source"):
            client.v1.subscriptions.create({"customer": customer.id, "items": [{"price": "price_pro_monthly"}]})
        assert fake.objects("subscription") == []

    def test_with_a_declining_card_stays_incomplete_until_it_is_paid(
        self, client: stripe.StripeClient, person: Person
    ) -> None:
        customer = make_customer(client, card="pm_card_chargeCustomerFail")
        made = client.v1.subscriptions.create({"customer": customer.id, "items": [{"price": "price_pro_monthly"}]})
        assert made.status == "incomplete"
        person.changes_card(customer.id)
        person.pays_invoice(str(made.latest_invoice))
        assert client.v1.subscriptions.retrieve(made.id).status == "active"

    def test_that_never_gets_paid_expires_after_23_hours(self, fake: FakeStripe, client: stripe.StripeClient) -> None:
        customer = make_customer(client, card="pm_card_chargeCustomerFail")
        made = client.v1.subscriptions.create({"customer": customer.id, "items": [{"price": "price_pro_monthly"}]})
        fake.advance(days=1)
        assert client.v1.subscriptions.retrieve(made.id).status == "incomplete_expired"
        assert client.v1.invoices.retrieve(str(made.latest_invoice)).status == "void"

    def test_with_error_if_incomplete_is_all_or_nothing(self, fake: FakeStripe, client: stripe.StripeClient) -> None:
        customer = make_customer(client, card="pm_card_chargeCustomerFail")
        with pytest.raises(stripe.CardError) as refused:
            client.v1.subscriptions.create(
                {
                    "customer": customer.id,
                    "items": [{"price": "price_pro_monthly"}],
                    "payment_behavior": "error_if_incomplete",
                }
            )
        assert (refused.value.http_status, refused.value.code) == (402, "card_declined")
        assert fake.objects("subscription") == []

    def test_can_wait_for_its_payment(self, fake: FakeStripe, client: stripe.StripeClient, person: Person) -> None:
        customer = make_customer(client)
        made = client.v1.subscriptions.create(
            {
                "customer": customer.id,
                "items": [{"price": "price_pro_monthly"}],
                "payment_behavior": "default_incomplete",
            }
        )
        assert (made.status, charged(fake)) == ("incomplete", [])
        person.pays_invoice(str(made.latest_invoice))
        assert client.v1.subscriptions.retrieve(made.id).status == "active"

    def test_on_an_inactive_price_is_refused(self, client: stripe.StripeClient) -> None:
        client.v1.prices.update("price_pro_yearly", {"active": False})
        with pytest.raises(stripe.InvalidRequestError, match="inactive"):
            client.v1.subscriptions.create(
                {"customer": make_customer(client).id, "items": [{"price": "price_pro_yearly"}]}
            )


class TestMoreSeats:
    def test_are_invoiced_for_the_rest_of_the_period(
        self, fake: FakeStripe, client: stripe.StripeClient, person: Person, clock: Clock
    ) -> None:
        subscription = subscribe(client, person, seats=3)
        item = item_of(subscription)
        clock.now = (item.current_period_start + item.current_period_end) / 2
        changed = change(client, subscription, quantity=5, proration_behavior="always_invoice")
        assert item_of(changed).quantity == 5
        assert charged(fake) == [3 * SEAT, SEAT]
        lines = client.v1.invoices.retrieve(str(changed.latest_invoice)).lines.data
        assert [line.amount for line in lines] == [-3 * SEAT // 2, 5 * SEAT // 2]
        assert all(line.parent and line.parent.subscription_item_details for line in lines)

    def test_wait_for_the_next_invoice_by_default(
        self, fake: FakeStripe, client: stripe.StripeClient, person: Person, clock: Clock
    ) -> None:
        subscription = subscribe(client, person, seats=1)
        item = item_of(subscription)
        clock.now = (item.current_period_start + item.current_period_end) / 2
        change(client, subscription, quantity=2)
        assert charged(fake) == [SEAT]
        clock.now = item.current_period_end + 3700
        fake.tick()
        assert charged(fake) == [SEAT, 2 * SEAT + SEAT // 2]

    def test_cost_nothing_where_no_proration_is_wanted(
        self, fake: FakeStripe, client: stripe.StripeClient, person: Person
    ) -> None:
        change(client, subscribe(client, person, seats=1), quantity=2, proration_behavior="none")
        assert fake.objects("invoiceitem") == []

    def test_with_a_declining_card_are_not_given(
        self, fake: FakeStripe, client: stripe.StripeClient, person: Person
    ) -> None:
        subscription = subscribe(client, person, seats=3)
        person.changes_card(str(subscription.customer), number=DECLINING)
        before = len(fake.objects("event"))
        with pytest.raises(stripe.CardError):
            change(
                client,
                subscription,
                quantity=9,
                proration_behavior="always_invoice",
                payment_behavior="error_if_incomplete",
            )
        assert item_of(client.v1.subscriptions.retrieve(subscription.id)).quantity == 3
        assert len(fake.objects("event")) == before

    def test_may_be_given_and_leave_the_subscription_past_due(
        self, client: stripe.StripeClient, person: Person
    ) -> None:
        subscription = subscribe(client, person, seats=3)
        person.changes_card(str(subscription.customer), number=DECLINING)
        changed = change(client, subscription, quantity=9, proration_behavior="always_invoice")
        assert (changed.status, item_of(changed).quantity) == ("past_due", 9)

    def test_may_be_pending_until_they_are_paid(self, client: stripe.StripeClient, person: Person) -> None:
        subscription = subscribe(client, person, seats=3)
        person.changes_card(str(subscription.customer), number=DECLINING)
        pending = change(
            client,
            subscription,
            quantity=9,
            proration_behavior="always_invoice",
            payment_behavior="pending_if_incomplete",
        )
        assert (pending.status, item_of(pending).quantity) == ("active", 3)
        assert pending.pending_update is not None
        person.changes_card(str(subscription.customer))
        person.pays_invoice(str(pending.latest_invoice))
        paid = client.v1.subscriptions.retrieve(subscription.id)
        assert (item_of(paid).quantity, paid.pending_update) == (9, None)

    def test_that_were_pending_too_long_are_not_given(
        self, fake: FakeStripe, client: stripe.StripeClient, person: Person
    ) -> None:
        subscription = subscribe(client, person, seats=3)
        person.changes_card(str(subscription.customer), number=DECLINING)
        change(
            client,
            subscription,
            quantity=9,
            proration_behavior="always_invoice",
            payment_behavior="pending_if_incomplete",
        )
        fake.advance(days=1)
        assert client.v1.subscriptions.retrieve(subscription.id).pending_update is None
        assert "customer.subscription.pending_update_expired" in event_types(fake)

    def test_must_name_the_item_they_are_for(self, client: stripe.StripeClient, person: Person) -> None:
        subscription = subscribe(client, person)
        with pytest.raises(stripe.InvalidRequestError, match="second item"):
            client.v1.subscriptions.update(subscription.id, {"items": [{"quantity": 5}]})
        with pytest.raises(stripe.InvalidRequestError, match="No such subscription_item"):
            client.v1.subscriptions.update(subscription.id, {"items": [{"id": "si_x", "quantity": 5}]})

    def test_as_many_as_before_change_nothing(
        self, fake: FakeStripe, client: stripe.StripeClient, person: Person
    ) -> None:
        subscription = subscribe(client, person, seats=3)
        before = len(fake.objects("event"))
        change(client, subscription, quantity=3, proration_behavior="always_invoice")
        assert len(fake.objects("event")) == before


class TestFewerSeats:
    def test_are_credited_to_the_customer(
        self, fake: FakeStripe, client: stripe.StripeClient, person: Person, clock: Clock
    ) -> None:
        subscription = subscribe(client, person, seats=5)
        item = item_of(subscription)
        clock.now = (item.current_period_start + item.current_period_end) / 2
        changed = change(client, subscription, quantity=3, proration_behavior="always_invoice")
        invoice = client.v1.invoices.retrieve(str(changed.latest_invoice))
        assert (invoice.total, invoice.amount_due, invoice.status) == (-SEAT, 0, "paid")
        assert client.v1.customers.retrieve(str(subscription.customer)).balance == -SEAT
        clock.now = item.current_period_end + 3700
        fake.tick()
        assert charged(fake) == [5 * SEAT, 2 * SEAT]


class TestAnotherPrice:
    def test_of_another_interval_begins_a_new_period_at_once(
        self, fake: FakeStripe, client: stripe.StripeClient, person: Person
    ) -> None:
        changed = change(client, subscribe(client, person, seats=1), price="price_pro_yearly")
        assert item_of(changed).price.id == "price_pro_yearly"
        assert item_of(changed).plan.interval == "year"
        assert charged(fake) == [SEAT, 47000 - SEAT]
        assert changed.billing_cycle_anchor == item_of(changed).current_period_start

    def test_of_the_same_interval_keeps_the_period(
        self, fake: FakeStripe, client: stripe.StripeClient, person: Person
    ) -> None:
        subscription = subscribe(client, person, seats=1)
        changed = change(client, subscription, price="price_team_monthly", proration_behavior="always_invoice")
        assert item_of(changed).current_period_end == item_of(subscription).current_period_end
        assert charged(fake) == [SEAT, 900]

    def test_on_trial_costs_nothing_yet(self, fake: FakeStripe, client: stripe.StripeClient, person: Person) -> None:
        changed = change(client, subscribe(client, person, days=14), price="price_pro_yearly")
        assert (changed.status, charged(fake)) == ("trialing", [])


class TestCanceling:
    def test_at_once_ends_it(self, fake: FakeStripe, client: stripe.StripeClient, person: Person) -> None:
        ended = client.v1.subscriptions.cancel(subscribe(client, person).id)
        assert (ended.status, ended.ended_at) == ("canceled", ended.canceled_at)
        assert ended.cancellation_details is not None
        assert ended.cancellation_details.reason == "cancellation_requested"
        assert event_types(fake)[-1] == "customer.subscription.deleted"

    def test_twice_finds_nothing_to_cancel(self, client: stripe.StripeClient, person: Person) -> None:
        subscription = subscribe(client, person)
        client.v1.subscriptions.cancel(subscription.id)
        with pytest.raises(stripe.InvalidRequestError) as missing:
            client.v1.subscriptions.cancel(subscription.id)
        assert missing.value.http_status == 404

    def test_stops_the_collection_of_what_is_unpaid(
        self, fake: FakeStripe, client: stripe.StripeClient, person: Person
    ) -> None:
        subscription = subscribe(client, person)
        person.changes_card(str(subscription.customer), number=DECLINING)
        fake.advance(days=32)
        client.v1.subscriptions.cancel(subscription.id)
        attempts = len(fake.objects("charge"))
        fake.advance(days=60)
        assert len(fake.objects("charge")) == attempts

    def test_at_the_end_of_the_period_lets_it_run_until_then(
        self, fake: FakeStripe, client: stripe.StripeClient, person: Person
    ) -> None:
        subscription = subscribe(client, person)
        marked = client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
        assert (marked.status, marked.cancel_at) == ("active", item_of(marked).current_period_end)
        assert marked.canceled_at is not None
        fake.advance(days=32)
        ended = client.v1.subscriptions.retrieve(subscription.id)
        assert (ended.status, ended.ended_at) == ("canceled", marked.cancel_at)
        assert len(charged(fake)) == 1

    def test_can_be_taken_back_before_the_end(
        self, fake: FakeStripe, client: stripe.StripeClient, person: Person
    ) -> None:
        subscription = subscribe(client, person)
        person.cancels(subscription.id)
        person.renews(subscription.id)
        kept = client.v1.subscriptions.retrieve(subscription.id)
        assert (kept.cancel_at_period_end, kept.cancel_at, kept.canceled_at) == (False, None, None)
        fake.advance(days=32)
        assert client.v1.subscriptions.retrieve(subscription.id).status == "active"

    def test_is_the_end_of_changes(self, client: stripe.StripeClient, person: Person) -> None:
        subscription = subscribe(client, person)
        client.v1.subscriptions.cancel(subscription.id)
        with pytest.raises(stripe.InvalidRequestError, match="canceled subscription can only update"):
            client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": False})
        changed = client.v1.subscriptions.update(subscription.id, {"metadata": {"why": "x"}})
        assert changed.metadata["why"] == "x"

    def test_of_the_customer_ends_all_it_has(self, client: stripe.StripeClient, person: Person) -> None:
        subscription = subscribe(client, person)
        assert client.v1.customers.delete(str(subscription.customer)).deleted
        assert client.v1.subscriptions.retrieve(subscription.id).status == "canceled"
