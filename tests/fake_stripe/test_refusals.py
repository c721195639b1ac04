"""What is not possible, or not known here, is refused with a sentence and leaves nothing behind."""

from urllib.parse import urlencode

import pytest
import stripe

from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.person import Person
from coditect.local.fake_stripe.store import Json
from tests.fake_stripe.account import body_of, item_of, make_customer, subscribe

LINE = {"line_items[0][price]": "price_pro_monthly", "line_items[0][quantity]": "1"}
CHECKOUT = {"mode": "subscription", "success_url": "http://x/", **LINE}
ITEM = {"items[0][price]": "price_pro_monthly"}
PRICE = {"currency": "usd", "product": "prod_pro", "unit_amount": "1", "recurring[interval]": "month"}


def but(form: dict[str, str], *without: str, **more: str) -> dict[str, str]:
    return {name: value for name, value in {**form, **more}.items() if name not in without}


ROWS: list[tuple[str, dict[str, str], str]] = [
    ("checkout/sessions", but(CHECKOUT, mode="payment"), "checkout in another mode"),
    ("checkout/sessions", but(CHECKOUT, "success_url"), "Missing required param: success_url."),
    ("checkout/sessions", but(CHECKOUT, "line_items[0][quantity]"), "Missing required param: line_items[0][quantity]."),
    ("checkout/sessions", but(CHECKOUT, **{"line_items[0][quantity]": "0"}), "greater than or equal to 1"),
    ("checkout/sessions", but(CHECKOUT, **{"line_items[0][price]": "price_x"}), "No such price: 'price_x'"),
    ("checkout/sessions", but(CHECKOUT, **{"line_items[1][price]": "price_pro_yearly"}), "other things than one price"),
    ("checkout/sessions", but(CHECKOUT, **{"line_items[0][tax_rates][0]": "x"}), "these fields of a line item"),
    (
        "checkout/sessions",
        but(CHECKOUT, **{"subscription_data[on_behalf_of]": "x"}),
        "on_behalf_of of subscription_data",
    ),
    ("checkout/sessions", but(CHECKOUT, customer="cus_x"), "No such customer: 'cus_x'"),
    ("checkout/sessions", but(CHECKOUT, expires_at="1769860801"), "at least 30 minutes"),
    ("checkout/sessions", but(CHECKOUT, automatic_tax="x"), "Invalid object"),
    ("checkout/sessions/cs_x/expire", {}, "No such checkout.session: 'cs_x'"),
    ("billing_portal/sessions", {}, "Missing required param: customer."),
    ("subscriptions", ITEM, "Missing required param: customer."),
    ("subscriptions", {"customer": "cus_x", **ITEM}, "No such customer: 'cus_x'"),
    ("products", {"name": "x", "id": "prod_pro"}, "Product already exists."),
    ("prices", but(PRICE, "product"), "Missing required param: product."),
    ("prices", but(PRICE, "unit_amount"), "Missing required param: unit_amount."),
    ("prices", but(PRICE, "recurring[interval]"), "one-time prices"),
    ("prices", but(PRICE, **{"recurring[interval]": "hour"}), "Invalid recurring[interval]"),
    ("payment_methods", {"type": "sepa_debit"}, "payment methods other than cards"),
    ("payment_methods", {"type": "card", "card[number]": "1"}, "Your card number is incorrect."),
    ("payment_methods/pm_card_visa/attach", {}, "Missing required param: customer."),
    ("payment_methods/pm_x/attach", {"customer": "cus_x"}, "No such PaymentMethod: 'pm_x'"),
    ("customers", {"test_clock": "clock_x"}, "No such test_helpers.test_clock: 'clock_x'"),
    ("invoices/in_x/pay", {}, "No such invoice: 'in_x'"),
    ("webhook_endpoints", {"url": "http://x/"}, "Missing required param: enabled_events."),
]


class TestRequests:
    @pytest.mark.parametrize(("path", "form", "said"), ROWS, ids=[f"{path}: {said}" for path, _, said in ROWS])
    def test_that_cannot_be_done_say_why(self, fake: FakeStripe, path: str, form: dict[str, str], said: str) -> None:
        before = fake.store.connection.execute("SELECT count(*) FROM object").fetchone()
        status, body = body_of(fake, "POST", f"/v1/{path}", urlencode(form))
        assert status in {400, 402, 404}
        assert said in body["error"]["message"]
        assert fake.store.connection.execute("SELECT count(*) FROM object").fetchone() == before


class TestCustomers:
    @pytest.fixture
    def customer(self, client: stripe.StripeClient) -> stripe.Customer:
        return make_customer(client)

    @pytest.mark.parametrize(
        ("form", "said"),
        [
            ({"items[0][quantity]": "1"}, "Missing required param: items[0][price]."),
            ({}, "Missing required param: items."),
            ({**ITEM, "items[1][price]": "price_pro_yearly"}, "several items"),
            ({**ITEM, "items[0][tax_rates][0]": "x"}, "tax_rates of an item"),
            ({**ITEM, "default_payment_method": "pm_x"}, "No such PaymentMethod: 'pm_x'"),
            ({**ITEM, "collection_method": "send_invoice"}, "the parameter collection_method"),
        ],
        ids=lambda value: value if isinstance(value, str) else None,
    )
    def test_subscribe_to_one_price_only(
        self, fake: FakeStripe, customer: stripe.Customer, form: dict[str, str], said: str
    ) -> None:
        status, body = body_of(fake, "POST", "/v1/subscriptions", urlencode({"customer": customer.id, **form}))
        assert (status, fake.objects("subscription")) == (400, [])
        assert said in body["error"]["message"]

    def test_pay_with_their_own_cards_only(self, client: stripe.StripeClient, customer: stripe.Customer) -> None:
        other = client.v1.customers.retrieve(make_customer(client).id)
        assert other.invoice_settings is not None
        card = str(other.invoice_settings.default_payment_method)
        with pytest.raises(stripe.InvalidRequestError, match="must be attached to the customer"):
            client.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": card}})

    def test_are_not_given_a_card_that_declines_at_once(self, client: stripe.StripeClient) -> None:
        customer = client.v1.customers.create()
        with pytest.raises(stripe.CardError):
            client.v1.payment_methods.attach("pm_card_visa_chargeDeclined", {"customer": customer.id})
        assert client.v1.customers.payment_methods.list(customer.id).data == []

    def test_have_their_cards_listed(self, client: stripe.StripeClient, customer: stripe.Customer) -> None:
        assert [card.customer for card in client.v1.customers.payment_methods.list(customer.id).data] == [customer.id]

    def test_keep_cards_that_are_nobodys_from_being_detached(self, client: stripe.StripeClient) -> None:
        card = client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}})
        with pytest.raises(stripe.InvalidRequestError, match="not attached"):
            client.v1.payment_methods.detach(card.id)


class TestSubscriptions:
    @pytest.fixture
    def subscription(self, client: stripe.StripeClient, person: Person) -> stripe.Subscription:
        return subscribe(client, person)

    def test_that_are_not_paused_cannot_be_resumed(
        self, client: stripe.StripeClient, subscription: stripe.Subscription
    ) -> None:
        with pytest.raises(stripe.InvalidRequestError, match="only resume a paused"):
            client.v1.subscriptions.resume(subscription.id)

    def test_get_no_trial_in_the_past(
        self, fake: FakeStripe, client: stripe.StripeClient, subscription: stripe.Subscription
    ) -> None:
        with pytest.raises(stripe.InvalidRequestError, match="future"):
            client.v1.subscriptions.update(subscription.id, {"trial_end": fake.world.now() - 1})

    def test_can_get_a_longer_trial(
        self, fake: FakeStripe, client: stripe.StripeClient, subscription: stripe.Subscription
    ) -> None:
        end = fake.world.now() + 40 * 86400
        changed = client.v1.subscriptions.update(subscription.id, {"trial_end": end})
        assert (changed.status, changed.trial_end, item_of(changed).current_period_end) == ("trialing", end, end)

    def test_end_at_a_time_that_is_given(
        self, fake: FakeStripe, client: stripe.StripeClient, subscription: stripe.Subscription
    ) -> None:
        at = fake.world.now() + 5 * 86400
        assert client.v1.subscriptions.update(subscription.id, {"cancel_at": at}).cancel_at == at
        assert client.v1.subscriptions.update(subscription.id, {"cancel_at": ""}).cancel_at is None
        client.v1.subscriptions.update(subscription.id, {"cancel_at": at})
        fake.advance(days=6)
        assert client.v1.subscriptions.retrieve(subscription.id).ended_at == at

    def test_take_another_card_and_words_about_them(
        self, fake: FakeStripe, client: stripe.StripeClient, subscription: stripe.Subscription
    ) -> None:
        card = client.v1.payment_methods.attach("pm_card_mastercard", {"customer": str(subscription.customer)})
        changed = client.v1.subscriptions.update(
            subscription.id,
            {
                "default_payment_method": card.id,
                "description": "Seats",
                "cancellation_details": {"comment": "Perhaps"},
                "trial_settings": {"end_behavior": {"missing_payment_method": "pause"}},
            },
        )
        assert (changed.default_payment_method, changed.description) == (card.id, "Seats")
        fake.advance(days=32)
        assert fake.objects("charge")[-1]["payment_method"] == card.id

    def test_may_be_begun_with_their_end(self, client: stripe.StripeClient) -> None:
        customer = make_customer(client)
        made = client.v1.subscriptions.create(
            {"customer": customer.id, "items": [{"price": "price_pro_monthly"}], "cancel_at_period_end": True}
        )
        assert made.cancel_at == item_of(made).current_period_end

    def test_keep_why_they_were_canceled(self, client: stripe.StripeClient, subscription: stripe.Subscription) -> None:
        given: Json = {"cancellation_details": {"comment": "Too dear", "feedback": "too_expensive"}}
        ended = client.v1.subscriptions.cancel(subscription.id, given)  # type: ignore[arg-type]  # what is refused
        assert ended.cancellation_details is not None
        assert (ended.cancellation_details.comment, ended.cancellation_details.feedback) == (
            "Too dear",
            "too_expensive",
        )

    def test_credit_what_is_unused_where_that_is_asked(
        self, client: stripe.StripeClient, subscription: stripe.Subscription
    ) -> None:
        client.v1.subscriptions.cancel(subscription.id, {"prorate": True, "invoice_now": True})
        assert client.v1.customers.retrieve(str(subscription.customer)).balance == -14700


class TestInvoices:
    def test_are_voided_only_while_open(self, client: stripe.StripeClient, person: Person) -> None:
        paid = str(subscribe(client, person).latest_invoice)
        with pytest.raises(stripe.InvalidRequestError, match="open or uncollectible"):
            client.v1.invoices.void_invoice(paid)
        with pytest.raises(stripe.InvalidRequestError, match="already finalized"):
            client.v1.invoices.finalize_invoice(paid)

    def test_that_are_void_cannot_be_paid(self, client: stripe.StripeClient) -> None:
        customer = make_customer(client, card="pm_card_chargeCustomerFail")
        made = client.v1.subscriptions.create({"customer": customer.id, "items": [{"price": "price_pro_monthly"}]})
        assert client.v1.invoices.void_invoice(str(made.latest_invoice)).status == "void"
        with pytest.raises(stripe.InvalidRequestError, match="can no longer be paid: it is void"):
            client.v1.invoices.pay(str(made.latest_invoice))

    def test_need_a_card_and_take_one_that_is_named(self, client: stripe.StripeClient, person: Person) -> None:
        customer = make_customer(client)
        made = client.v1.subscriptions.create(
            {
                "customer": customer.id,
                "items": [{"price": "price_pro_monthly"}],
                "payment_behavior": "default_incomplete",
            }
        )
        card = client.v1.customers.payment_methods.list(customer.id).data[0]
        client.v1.payment_methods.detach(card.id)
        with pytest.raises(stripe.InvalidRequestError, match="no attached payment source"):
            client.v1.invoices.pay(str(made.latest_invoice))
        other = client.v1.payment_methods.attach("pm_card_mastercard", {"customer": customer.id})
        assert client.v1.invoices.pay(str(made.latest_invoice), {"payment_method": other.id}).status == "paid"
