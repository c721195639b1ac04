"""The hosted pages and the control page, as a browser without scripts sees them."""

import re
from urllib.parse import urlencode

import pytest
import stripe

from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.faults import FAULTS
from coditect.local.fake_stripe.pages.dispatch import respond
from coditect.local.fake_stripe.pages.html import Page
from coditect.local.fake_stripe.person import Person
from tests.fake_stripe.account import (
    DECLINING,
    GOOD,
    charged,
    event_types,
    item_of,
    make_customer,
    open_checkout,
    subscribe,
)


def path_of(url: str | None) -> str:
    assert url is not None
    return url.removeprefix("http://127.0.0.1")


def press(fake: FakeStripe, path: str, **form: object) -> Page:
    return respond(fake, "POST", path, urlencode(form))


class TestCheckoutPage:
    def test_says_what_is_bought(self, fake: FakeStripe, client: stripe.StripeClient) -> None:
        page = respond(fake, "GET", path_of(open_checkout(client, seats=3).url))
        assert page.status == 200
        for words in ("CODITECT Pro", "<td>3</td>", "$49.00", "$147.00 per month"):
            assert words in page.body
        for label in ("Pay with a good card", "Pay with a declining card", "Cancel"):
            assert f"<button>{label}</button>" in page.body

    def test_pays_and_goes_to_the_success_url_with_the_sessions_id(
        self, fake: FakeStripe, client: stripe.StripeClient
    ) -> None:
        session = open_checkout(client, seats=3)
        page = press(fake, path_of(session.url), number=GOOD)
        assert (page.status, page.location) == (303, f"http://localhost/done?session={session.id}")
        assert charged(fake) == [14700]

    @pytest.mark.parametrize(
        ("number", "said"),
        [
            (DECLINING, "Your card was declined."),
            ("4000000000009995", "Your card has insufficient funds."),
            ("4000000000000069", "Your card has expired."),
            ("4000 0000 0000 0127", "Your card&#x27;s security code is incorrect."),
            ("1234", "Your card number is incorrect."),
            ("", "A card is needed here."),
        ],
    )
    def test_shows_why_a_card_was_not_taken(
        self, fake: FakeStripe, client: stripe.StripeClient, number: str, said: str
    ) -> None:
        session = open_checkout(client)
        page = press(fake, path_of(session.url), number=number)
        assert page.status == 402
        assert said in page.body
        assert client.v1.checkout.sessions.retrieve(session.id).status == "open"

    def test_goes_back(self, fake: FakeStripe, client: stripe.StripeClient) -> None:
        assert press(fake, path_of(open_checkout(client).url), cancel="yes").location == "http://localhost/back"

    def test_of_a_closed_session_offers_nothing(self, fake: FakeStripe, client: stripe.StripeClient) -> None:
        session = open_checkout(client)
        client.v1.checkout.sessions.expire(session.id)
        page = respond(fake, "GET", path_of(session.url))
        assert "This checkout is expired." in page.body
        assert "<button>" not in page.body

    def test_of_a_trial_that_asks_for_no_card_starts_without_one(
        self, fake: FakeStripe, client: stripe.StripeClient
    ) -> None:
        session = client.v1.checkout.sessions.create(
            {
                "mode": "subscription",
                "line_items": [{"price": "price_pro_monthly", "quantity": 1}],
                "success_url": "http://localhost/",
                "payment_method_collection": "if_required",
                "subscription_data": {"trial_period_days": 14},
            }
        )
        page = respond(fake, "GET", path_of(session.url))
        assert "The first 14 days are free." in page.body
        assert "Start without a card" in page.body
        assert press(fake, path_of(session.url), number="").status == 303
        assert fake.objects("subscription")[0]["status"] == "trialing"

    def test_escapes_what_it_shows(self, fake: FakeStripe, client: stripe.StripeClient) -> None:
        client.v1.products.update("prod_pro", {"name": "<script>alert(1)</script>"})
        assert "<script>" not in respond(fake, "GET", path_of(open_checkout(client).url)).body


class TestPortalPage:
    @pytest.fixture
    def subscription(self, client: stripe.StripeClient, person: Person) -> stripe.Subscription:
        return subscribe(client, person)

    @pytest.fixture
    def path(self, client: stripe.StripeClient, subscription: stripe.Subscription) -> str:
        customer = str(subscription.customer)
        session = client.v1.billing_portal.sessions.create({"customer": customer, "return_url": "http://localhost/b"})
        return path_of(session.url)

    def test_shows_subscription_card_and_invoices(self, fake: FakeStripe, path: str) -> None:
        body = respond(fake, "GET", path).body
        for words in ("3 of CODITECT Pro", "active", "visa ending in 4242", "$147.00", "http://localhost/b"):
            assert words in body

    def test_cancels_and_takes_it_back(
        self, fake: FakeStripe, client: stripe.StripeClient, path: str, subscription: stripe.Subscription
    ) -> None:
        assert "Do not cancel" in press(fake, path, cancel=subscription.id).body
        assert client.v1.subscriptions.retrieve(subscription.id).cancel_at_period_end
        assert "Cancel at the end of the period" in press(fake, path, renew=subscription.id).body
        assert not client.v1.subscriptions.retrieve(subscription.id).cancel_at_period_end

    def test_changes_the_card_and_pays_what_is_open(
        self, fake: FakeStripe, client: stripe.StripeClient, path: str, subscription: stripe.Subscription
    ) -> None:
        assert "ending in 0341" in press(fake, path, number=DECLINING).body
        fake.advance(days=32)
        invoice = fake.objects("invoice", status="open")[0]["id"]
        refused = press(fake, path, invoice=invoice)
        assert (refused.status, "Your card was declined." in refused.body) == (402, True)
        press(fake, path, number=GOOD)
        press(fake, path, invoice=invoice)
        assert client.v1.subscriptions.retrieve(subscription.id).status == "active"

    def test_escapes_what_it_shows(self, fake: FakeStripe, client: stripe.StripeClient, path: str) -> None:
        client.v1.products.update("prod_pro", {"name": "<script>alert(1)</script>"})
        fake.advance(days=32)
        pages = [path, path_of(fake.objects("invoice")[-1]["hosted_invoice_url"])]
        bodies = [respond(fake, "GET", page).body for page in pages]
        assert ["&lt;script&gt;" in body and "<script>" not in body for body in bodies] == [True, True]

    def test_takes_no_card_that_it_does_not_know(self, fake: FakeStripe, path: str) -> None:
        assert "Your card number is incorrect." in press(fake, path, number="1").body

    def test_for_a_customer_without_anything_is_shown_too(self, fake: FakeStripe, client: stripe.StripeClient) -> None:
        customer = make_customer(client, card=None)
        session = client.v1.billing_portal.sessions.create({"customer": customer.id})
        assert "No card is known." in respond(fake, "GET", path_of(session.url)).body


class TestInvoicePage:
    def test_can_be_paid(self, fake: FakeStripe, client: stripe.StripeClient, person: Person) -> None:
        subscription = subscribe(client, person)
        person.changes_card(str(subscription.customer), number=DECLINING)
        fake.advance(days=32)
        path = path_of(fake.objects("invoice")[-1]["hosted_invoice_url"])
        assert "to pay $147.00" in respond(fake, "GET", path).body
        before = len(fake.objects("charge"))
        assert "Your card was declined." in press(fake, path).body
        assert [charge["status"] for charge in fake.objects("charge")[before:]] == ["failed"]
        person.changes_card(str(subscription.customer))
        assert "paid" in press(fake, path).body


class TestControlPage:
    def test_shows_clock_faults_events_and_objects(
        self, fake: FakeStripe, client: stripe.StripeClient, person: Person
    ) -> None:
        subscription = subscribe(client, person)
        body = respond(fake, "GET", "/control").body
        assert "It is 31 Jan 2026 12:00 UTC here." in body
        for words in (*FAULTS, "checkout.session.completed", subscription.id):
            assert words in body

    @pytest.mark.parametrize("name", sorted(FAULTS))
    def test_switches_every_fault(self, fake: FakeStripe, name: str) -> None:
        press(fake, "/control/faults", name=name, times=1)
        assert "<b>the next 1</b>" in respond(fake, "GET", "/control").body
        press(fake, "/control/faults", name=name, only="POST /v1/invoices")
        assert "<b>on, only POST /v1/invoices</b>" in respond(fake, "GET", "/control").body
        press(fake, "/control/faults", name=name, times=0)
        assert "<b>" not in respond(fake, "GET", "/control").body

    def test_advances_the_clock(self, fake: FakeStripe, client: stripe.StripeClient, person: Person) -> None:
        subscribe(client, person)
        assert press(fake, "/control/clock", days="31").location == "/control"
        assert "03 Mar 2026" in respond(fake, "GET", "/control").body
        assert len(charged(fake)) == 2

    def test_advances_beyond_the_next_renewal(
        self, fake: FakeStripe, client: stripe.StripeClient, person: Person
    ) -> None:
        subscription = subscribe(client, person)
        press(fake, "/control/clock", renewal="next")
        renewed = client.v1.subscriptions.retrieve(subscription.id)
        assert item_of(renewed).current_period_start == item_of(subscription).current_period_end
        assert len(charged(fake)) == 2

    def test_renews_at_once_what_was_bought_on_the_same_day(
        self, fake: FakeStripe, client: stripe.StripeClient, person: Person
    ) -> None:
        subscribe(client, person)
        fake.advance(seconds=1800)
        subscribe(client, person)
        press(fake, "/control/clock", renewal="next")
        assert len(charged(fake)) == 4

    def test_leaves_for_later_what_was_bought_on_another_day(
        self, fake: FakeStripe, client: stripe.StripeClient, person: Person
    ) -> None:
        subscribe(client, person)
        fake.advance(days=5)
        subscribe(client, person)
        press(fake, "/control/clock", renewal="next")
        assert len(charged(fake)) == 3

    def test_chooses_what_becomes_of_the_unpaid(self, fake: FakeStripe) -> None:
        press(fake, "/control/after-retries", rule="canceled")
        assert "The subscription becomes or stays canceled." in respond(fake, "GET", "/control").body

    def test_redelivers_one_event_or_all_that_were_lost(self, fake: FakeStripe, client: stripe.StripeClient) -> None:
        fake.switch("lost", times=2)
        for _ in range(2):
            client.v1.customers.create()
        assert fake.take_deliveries() == []
        press(fake, "/control/redeliver", event=fake.objects("event")[-1]["id"])
        assert len(fake.take_deliveries()) == 1
        press(fake, "/control/redeliver", event="undelivered")
        assert len(fake.take_deliveries()) == 3

    def test_shows_an_object_as_json(self, fake: FakeStripe) -> None:
        page = respond(fake, "GET", "/control/objects/price_pro_monthly")
        assert page.content_type == "application/json"
        assert '"unit_amount": 4900' in page.body

    @pytest.mark.parametrize(
        ("path", "form"),
        [
            ("/control/faults", {"name": "earthquake", "times": 1}),
            ("/control/faults", {"times": 1}),
            ("/control/clock", {"days": "soon"}),
            ("/control/clock", {"days": "-1"}),
            ("/control/clock", {"days": "nan"}),
            ("/control/after-retries", {"rule": "whatever"}),
            ("/control/redeliver", {"event": "evt_none"}),
            ("/control/weather", {}),
            ("/c/pay/cs_none", {}),
        ],
    )
    def test_refuses_forms_that_cannot_be_meant(self, fake: FakeStripe, path: str, form: dict[str, object]) -> None:
        before = event_types(fake)
        assert press(fake, path, **form).status in {400, 404}
        assert event_types(fake) == before


class TestAddresses:
    def test_begin_at_the_control_page(self, fake: FakeStripe) -> None:
        assert respond(fake, "GET", "/").location == "/control"

    @pytest.mark.parametrize(
        "path", ["/c/pay/cs_test_x", "/p/session/bps_x", "/invoices/in_x", "/x", "/control/objects/x"]
    )
    def test_that_lead_nowhere_say_so(self, fake: FakeStripe, path: str) -> None:
        page = respond(fake, "GET", path)
        assert page.status == 404
        assert re.search(r"No such|There is no such", page.body)
