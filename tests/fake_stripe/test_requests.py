"""Keys, versions, addresses, lists and expansion: what all requests have in common."""

import base64

import pytest
import stripe

from coditect.local.fake_stripe.access import ForbiddenHere
from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.person import Person
from tests.fake_stripe.account import body_of, make_customer, open_checkout, subscribe


class TestKeys:
    def test_may_come_as_basic_user(self, fake: FakeStripe) -> None:
        user = base64.b64encode(f"{fake.key}:".encode()).decode()
        assert body_of(fake, "GET", "/v1/customers", authorization=f"Basic {user}")[0] == 200

    @pytest.mark.parametrize(
        ("header", "message"),
        [
            ("", "You did not provide an API key."),
            ("Basic %%%", "You did not provide an API key."),
            ("Bearer sk_test_somebody_else", "Invalid API Key provided: sk_test_*********else"),
            ("Bearer sk_live_1234", "never send it a live key"),
        ],
    )
    def test_are_needed(self, fake: FakeStripe, header: str, message: str) -> None:
        status, body = body_of(fake, "GET", "/v1/customers", authorization=header)
        assert status == 401
        assert message in body["error"]["message"]

    @pytest.mark.parametrize("key", ["sk_live_1", "rk_live_1", "pk_test_1", ""])
    def test_other_than_for_tests_are_refused_at_the_start(self, key: str) -> None:
        with pytest.raises(ForbiddenHere, match="test keys only"):
            FakeStripe(key=key)

    @pytest.mark.parametrize("environment", ["production", "staging", "sandbox"])
    def test_are_worth_nothing_outside_development(self, monkeypatch: pytest.MonkeyPatch, environment: str) -> None:
        monkeypatch.setenv("CODITECT_ENV", environment)
        with pytest.raises(ForbiddenHere, match=environment):
            FakeStripe()


class TestRequests:
    def test_of_another_version_are_refused(self, fake: FakeStripe) -> None:
        status, body = body_of(fake, "GET", "/v1/customers", stripe_version="2020-08-27")
        assert status == 400
        assert "Invalid Stripe API version: 2020-08-27." in body["error"]["message"]

    @pytest.mark.parametrize("path", ["/v1/refunds", "/v1/customers/", "/v2/core/events", "/v1/customers/x/y"])
    def test_to_unknown_addresses_are_refused(self, fake: FakeStripe, path: str) -> None:
        status, body = body_of(fake, "GET", path)
        assert status == 404
        assert body["error"]["message"].startswith(f"Unrecognized request URL (GET: {path}).")

    @pytest.mark.parametrize("what", ["subscriptions?status=all&", "invoices?"])
    def test_for_an_unknown_customers_are_refused_and_for_a_deleted_ones_are_not(
        self, fake: FakeStripe, client: stripe.StripeClient, person: Person, what: str
    ) -> None:
        status, body = body_of(fake, "GET", f"/v1/{what}customer=cus_none")
        assert (status, body["error"]["code"], body["error"]["param"]) == (400, "resource_missing", "customer")
        assert body["error"]["message"] == "No such customer: 'cus_none'"
        customer_id = subscribe(client, person)["customer"]
        client.v1.customers.delete(customer_id)
        status, body = body_of(fake, "GET", f"/v1/{what}customer={customer_id}")
        assert (status, len(body["data"])) == (200, 1)

    def test_for_unknown_objects_are_404_in_the_path_and_400_in_a_parameter(self, client: stripe.StripeClient) -> None:
        with pytest.raises(stripe.InvalidRequestError) as missing:
            client.v1.customers.retrieve("cus_none")
        assert (missing.value.http_status, missing.value.code) == (404, "resource_missing")
        with pytest.raises(stripe.InvalidRequestError, match="No such customer: 'cus_none'") as refused:
            client.v1.billing_portal.sessions.create({"customer": "cus_none"})
        assert (refused.value.http_status, refused.value.param) == (400, "customer")

    def test_have_an_id_that_the_events_name(self, fake: FakeStripe, client: stripe.StripeClient) -> None:
        customer = client.v1.customers.create({}, {"idempotency_key": "key-1"})
        assert customer.last_response is not None
        event = fake.objects("event")[-1]
        assert event["request"] == {"id": customer.last_response.request_id, "idempotency_key": "key-1"}

    def test_leave_pages_ids_to_their_own_kind(self, client: stripe.StripeClient) -> None:
        customer = client.v1.customers.create()
        with pytest.raises(stripe.InvalidRequestError, match="No such subscription"):
            client.v1.subscriptions.retrieve(customer.id)


class TestLists:
    def test_are_newest_first_and_paged(self, client: stripe.StripeClient) -> None:
        made = [client.v1.customers.create().id for _ in range(5)]
        first = client.v1.customers.list({"limit": 2})
        assert ([one.id for one in first.data], first.has_more) == ([made[4], made[3]], True)
        assert [one.id for one in first.auto_paging_iter()] == made[::-1]

    def test_go_backwards(self, client: stripe.StripeClient) -> None:
        made = [client.v1.customers.create().id for _ in range(4)]
        page = client.v1.customers.list({"limit": 2, "ending_before": made[0]})
        assert ([one.id for one in page.data], page.has_more) == ([made[2], made[1]], True)

    @pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "starting_after=cus_none"])
    def test_refuse_bad_limits_and_cursors(self, fake: FakeStripe, query: str) -> None:
        assert body_of(fake, "GET", f"/v1/customers?{query}")[0] == 400

    def test_leave_out_canceled_subscriptions_unless_asked(self, client: stripe.StripeClient, person: Person) -> None:
        ended, live = subscribe(client, person), subscribe(client, person)
        client.v1.subscriptions.cancel(ended.id)
        assert [one.id for one in client.v1.subscriptions.list().data] == [live.id]
        assert len(client.v1.subscriptions.list({"status": "all"}).data) == 2
        assert [one.id for one in client.v1.subscriptions.list({"status": "ended"}).data] == [ended.id]
        assert [one.id for one in client.v1.subscriptions.list({"status": "canceled"}).data] == [ended.id]

    def test_are_filtered(self, client: stripe.StripeClient, person: Person) -> None:
        one, other = subscribe(client, person), subscribe(client, person)
        assert {found.id for found in client.v1.invoices.list({"subscription": one.id}).data} == {one.latest_invoice}
        assert {found.id for found in client.v1.subscriptions.list({"customer": str(other.customer)}).data} == {
            other.id
        }
        assert client.v1.subscriptions.list({"price": "price_team_monthly"}).data == []
        paid = client.v1.events.list({"type": "invoice.paid"}).data
        assert [event.data.object["id"] for event in paid] == [other.latest_invoice, one.latest_invoice]
        assert len(client.v1.events.list({"types": ["invoice.paid", "invoice.created"]}).data) == 4
        assert client.v1.events.list({"created": {"gt": one.created}}).data == []
        assert [price.id for price in client.v1.prices.list({"lookup_keys": ["price_pro_yearly"]}).data] == [
            "price_pro_yearly"
        ]


class TestExpansion:
    def test_puts_objects_for_ids(self, client: stripe.StripeClient, person: Person) -> None:
        found = client.v1.subscriptions.retrieve(
            subscribe(client, person).id, {"expand": ["latest_invoice.payments", "customer"]}
        )
        assert isinstance(found.customer, stripe.Customer)
        assert isinstance(found.latest_invoice, stripe.Invoice)
        assert found.latest_invoice.payments is not None
        payment = found.latest_invoice.payments.data[0]
        assert (payment.status, payment.payment.type) == ("paid", "payment_intent")

    def test_works_in_lists(self, client: stripe.StripeClient, person: Person) -> None:
        subscribe(client, person)
        found = client.v1.subscriptions.list({"expand": ["data.customer"]}).data[0]
        assert isinstance(found.customer, stripe.Customer)

    def test_adds_the_lines_of_a_checkout_and_the_subscriptions_of_a_customer(
        self, client: stripe.StripeClient, person: Person
    ) -> None:
        session = client.v1.checkout.sessions.retrieve(open_checkout(client).id, {"expand": ["line_items"]})
        assert session.line_items is not None
        assert session.line_items.data[0].quantity == 3
        customer = subscribe(client, person).customer
        found = client.v1.customers.retrieve(str(customer), {"expand": ["subscriptions"]})
        assert found.subscriptions is not None
        assert len(found.subscriptions.data) == 1

    def test_goes_four_levels_deep_and_no_deeper(self, client: stripe.StripeClient, person: Person) -> None:
        subscription = subscribe(client, person)
        path = "payments.data.payment.payment_intent"
        invoice = client.v1.invoices.retrieve(str(subscription.latest_invoice), {"expand": [path]})
        assert invoice.payments is not None
        assert isinstance(invoice.payments.data[0].payment.payment_intent, stripe.PaymentIntent)
        with pytest.raises(stripe.InvalidRequestError, match="more than 4 levels"):
            client.v1.subscriptions.retrieve(subscription.id, {"expand": [f"latest_invoice.{path}"]})

    @pytest.mark.parametrize("path", ["nonsense", "email", "a.b.c.d.e"])
    def test_of_anything_else_is_refused(self, client: stripe.StripeClient, path: str) -> None:
        customer = make_customer(client, card=None)
        with pytest.raises(stripe.InvalidRequestError, match="expand"):
            client.v1.customers.retrieve(customer.id, {"expand": [path]})
