"""The gateway to Stripe."""

import logging
import traceback
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
import stripe as package
from django.db import connection
from pytest_django import Settings

from coditect.local.fake_stripe.fake import FakeStripe
from subscriptions import stripe
from subscriptions.models import Intent
from tests.dialects import Api
from tests.factories import Person, make_person
from tests.fake_stripe.client import InProcessClient
from tests.subscriptions.buying import buy, check_out

CUSTOMER = {"email": "owner@example.com"}


class Recorder(InProcessClient):
    """Notes each request, with whether a transaction was open while it ran."""

    def __init__(self, fake: FakeStripe) -> None:
        super().__init__(fake)
        self.seen: list[tuple[str, str, str, Mapping[str, str], bool]] = []

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **options: Any
    ) -> tuple[str, int, Mapping[str, str]]:
        self.seen.append((method, url, post_data or "", headers or {}, connection.in_atomic_block))
        return super().request(method, url, headers, post_data, **options)


class KeptFailure(InProcessClient):
    """Stripe's answer to a key under which it has kept an error of its own."""

    def request(self, *_: Any, **__: Any) -> tuple[str, int, Mapping[str, str]]:
        body = '{"error": {"type": "api_error", "message": "An unknown error occurred"}}'
        return body, 500, {"idempotent-replayed": "true"}


class Redirecting(ThreadingHTTPServer):
    """Sends everybody elsewhere, on the same host, where a key would be sent along."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), RedirectingHandler)
        self.asked: list[str] = []
        self.status = 0

    def begin(self, status: int) -> str:
        """Answer so from now on; where."""
        self.status = status
        Thread(target=self.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server_port}"


class RedirectingHandler(BaseHTTPRequestHandler):
    """Every request gets the same."""

    server: Redirecting

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(self.server.status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def redirecting() -> Iterator[Redirecting]:
    """A server that is not Stripe's."""
    server = Redirecting()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def recorder(fake: FakeStripe) -> Recorder:
    """What is asked of the fake."""
    recorder = Recorder(fake)
    stripe.talk_through(recorder)
    return recorder


class TestGateway:
    def test_speaks_the_version_that_the_package_describes(self, recorder: Recorder) -> None:
        stripe.create_customer(CUSTOMER, key="one")
        ((_, _, _, headers, _),) = recorder.seen
        assert headers["Stripe-Version"] == stripe.API_VERSION == package.api_version

    def test_waits_for_a_bounded_time_and_asks_once(self, settings: Settings) -> None:
        settings.STRIPE_SECRET_KEY = "sk_test_waiting"
        requestor = stripe._client()._requestor
        assert vars(requestor._client)["_timeout"] == stripe.TIMEOUT_SECONDS
        assert requestor._options.max_network_retries == 0

    def test_asks_at_the_address_that_is_set(self, recorder: Recorder, settings: Settings) -> None:
        settings.STRIPE_API_BASE = "http://127.0.0.1:12111"
        stripe.create_customer(CUSTOMER, key="one")
        assert recorder.seen[0][1] == "http://127.0.0.1:12111/v1/customers"

    def test_sends_the_same_whatever_the_order_of_names(self, recorder: Recorder) -> None:
        first = stripe.create_customer({"name": "A", "metadata": {"x": "1", "y": "2"}, "email": "a@b.c"}, key="one")
        second = stripe.create_customer({"email": "a@b.c", "metadata": {"y": "2", "x": "1"}, "name": "A"}, key="one")
        assert first == second
        assert recorder.seen[0][2] == recorder.seen[1][2]

    @pytest.mark.parametrize("fault", ["time_out", "error_500", "rate_limited", "answer_lost"])
    def test_calls_what_may_pass_unavailable(self, fake: FakeStripe, fault: str) -> None:
        fake.switch(fault, times=1)
        with pytest.raises(stripe.StripeUnavailable) as caught:
            stripe.create_customer(CUSTOMER, key="one")
        assert not caught.value.is_final
        assert stripe.create_customer(CUSTOMER, key="one").startswith("cus_")

    def test_tells_a_failure_that_stripe_has_kept_under_the_key(self, fake: FakeStripe) -> None:
        stripe.talk_through(KeptFailure(fake))
        with pytest.raises(stripe.StripeUnavailable) as caught:
            stripe.create_customer(CUSTOMER, key="one")
        assert caught.value.is_final

    def test_tells_what_stripe_does_not_know(self, fake: FakeStripe) -> None:
        with pytest.raises(stripe.StripeKnowsNone):
            stripe.retrieve_subscription("sub_none")

    def test_calls_refused_what_stripe_will_never_do(self, fake: FakeStripe) -> None:
        with pytest.raises(stripe.StripeRefused):
            stripe.create_customer({"no_such_parameter": "1"}, key="one")
        stripe.create_customer(CUSTOMER, key="two")
        with pytest.raises(stripe.StripeRefused):
            stripe.create_customer({"email": "other@example.com"}, key="two")

    def test_never_tells_the_key(self, fake: FakeStripe, settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
        settings.STRIPE_SECRET_KEY = "sk_test_planted_secret_key"
        with caplog.at_level(logging.INFO), pytest.raises(stripe.StripeUnavailable) as caught:
            stripe.create_customer(CUSTOMER, key="one")
        assert "AuthenticationError" in caplog.text
        assert "planted_secret" not in caplog.text
        assert "planted_secret" not in f"{caught.value!r} {caught.value.__cause__!r}"

    def test_reads_every_page_of_a_list(self, fake: FakeStripe, owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
        buy(fake, owner)
        fake.advance(days=70)
        monkeypatch.setattr(stripe, "PAGE", 1)
        (customer,) = fake.objects("customer")
        found = [invoice.id for invoice in stripe.list_invoices(customer["id"])]
        assert found == [invoice["id"] for invoice in reversed(fake.objects("invoice"))]
        assert len(found) == 3

    def test_leaves_no_text_of_stripes_to_a_log(self, fake: FakeStripe, settings: Settings) -> None:
        settings.STRIPE_SECRET_KEY = "sk_test_planted_secret_key"
        with pytest.raises(stripe.StripeUnavailable) as caught:
            stripe.create_customer(CUSTOMER, key="one")
        written = "".join(traceback.format_exception(caught.value))
        assert "StripeUnavailable" in written
        assert "Invalid API Key" not in written
        assert "secret_key" not in written

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_follows_no_redirect(self, settings: Settings, redirecting: Redirecting, status: int) -> None:
        settings.STRIPE_SECRET_KEY = "sk_test_to_be_kept"
        settings.STRIPE_API_BASE = redirecting.begin(status)
        with pytest.raises(stripe.StripeUnavailable):
            stripe.create_customer(CUSTOMER, key="one")
        with pytest.raises(stripe.StripeUnavailable):
            stripe.list_subscriptions("cus_1")
        assert [path.partition("?")[0] for path in redirecting.asked] == ["/v1/customers", "/v1/subscriptions"]

    def test_lets_the_package_log_nothing_of_what_is_sent(self) -> None:
        assert logging.getLogger("stripe").getEffectiveLevel() == logging.WARNING


class TestIntent:
    def test_is_committed_before_stripe_is_asked(self, recorder: Recorder, transactional_db: None) -> None:
        owner = make_person()
        api = Api("flat").with_headers(idempotency_key="one")
        assert check_out(api, owner).status == 201
        writes = [(url, is_open) for method, url, _, _, is_open in recorder.seen if method == "post"]
        assert [url.rpartition("/v1/")[2] for url, _ in writes] == ["customers", "checkout/sessions"]
        assert not any(is_open for _, is_open in writes)

    def test_gives_its_own_key(self, recorder: Recorder, api: Api, owner: Person) -> None:
        check_out(api, owner)
        sent = {headers["Idempotency-Key"] for method, _, _, headers, _ in recorder.seen if method == "post"}
        assert sent == {intent.idempotency_key for intent in Intent.objects.all()}

    def test_is_given_up_for_another_where_stripe_has_kept_a_failure(
        self, fake: FakeStripe, api: Api, owner: Person
    ) -> None:
        buy(fake, owner)
        stripe.talk_through(FailsToChange(fake))
        owner_api = api.as_bearer(owner.token)
        assert owner_api.post("update-subscription", {"seats": 7}).status == 503
        stripe.talk_through(InProcessClient(fake))
        assert owner_api.post("update-subscription", {"seats": 7}).data["seats"] == 7
        statuses = Intent.objects.filter(kind="change").order_by("created_at").values_list("status", flat=True)
        assert list(statuses) == ["abandoned", "done"]


class FailsToChange(KeptFailure):
    """Keeps a failure of a change; the rest it does."""

    def request(self, *args: Any, **options: Any) -> tuple[str, int, Mapping[str, str]]:
        if args[0] == "post":
            return super().request(*args, **options)
        return InProcessClient.request(self, *args, **options)
