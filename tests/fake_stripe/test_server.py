"""The fake Stripe as a process of its own, over HTTP."""

import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
import requests
import stripe

from coditect.local.fake_stripe.embedded import EmbeddedStripe
from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.server import FakeStripeServer
from coditect.local.options import ROOT
from tests.fake_stripe.account import DECLINING, GOOD, SECRET, open_checkout
from tests.local.processes import wait_until


class Receiver(HTTPServer):
    """Stands where our web server would: notes each event and believes none whose signature is wrong."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Noting)
        self.got: list[tuple[str, bytes, str]] = []


class _Noting(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, body, self.headers["Stripe-Signature"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield receiver
    receiver.shutdown()
    receiver.server_close()
    thread.join()


@pytest.fixture(scope="module")
def server(receiver: Receiver) -> Iterator[FakeStripeServer]:
    """In a thread of this process, so that what runs can be seen."""
    fake = FakeStripe()
    fake.listen(f"http://127.0.0.1:{receiver.server_address[1]}/api/v1/webhooks/stripe/", secret=SECRET)
    with FakeStripeServer(fake, port=0) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def client_of(server: FakeStripeServer | EmbeddedStripe) -> stripe.StripeClient:
    key = server.fake.key if isinstance(server, FakeStripeServer) else server.key
    return stripe.StripeClient(key, base_addresses={"api": server.url}, http_client=stripe.RequestsClient(timeout=5))


@pytest.fixture
def remote(server: FakeStripeServer) -> stripe.StripeClient:
    return client_of(server)


class TestServer:
    def test_answers_the_stripe_package(self, remote: stripe.StripeClient) -> None:
        assert remote.v1.prices.retrieve("price_pro_monthly").unit_amount == 4900

    def test_delivers_a_signed_event_of_what_was_clicked(
        self, server: FakeStripeServer, remote: stripe.StripeClient, receiver: Receiver
    ) -> None:
        session = open_checkout(remote)
        assert session.url == f"{server.url}/c/pay/{session.id}"
        paid = requests.post(session.url, data={"number": GOOD}, allow_redirects=False, timeout=5)
        assert paid.headers["Location"] == f"http://localhost/done?session={session.id}"
        wait_until(lambda: any(session.id.encode() in body for _, body, _ in receiver.got), seconds=20)
        path, body, header = receiver.got[-1]
        assert path == "/api/v1/webhooks/stripe/"
        assert stripe.WebhookSignature.verify_header(body, header, SECRET)

    def test_breaks_the_connection_when_an_answer_is_to_be_lost(
        self, server: FakeStripeServer, remote: stripe.StripeClient
    ) -> None:
        fault = {"name": "answer_lost", "times": 1, "only": "POST /v1/customers"}
        requests.post(f"{server.url}/control/faults", data=fault, timeout=5)
        with pytest.raises(stripe.APIConnectionError):
            remote.v1.customers.create({"name": "lost"}, {"idempotency_key": "lost", "max_network_retries": 0})
        again = remote.v1.customers.create({"name": "lost"}, {"idempotency_key": "lost"})
        assert [one.id for one in remote.v1.customers.list().data if one.name == "lost"] == [again.id]

    def test_lets_a_client_wait_for_nothing(self, server: FakeStripeServer) -> None:
        fault = {"name": "time_out", "times": 1, "only": "GET /v1/products"}
        requests.post(f"{server.url}/control/faults", data=fault, timeout=5)
        with pytest.raises(requests.ReadTimeout):
            requests.get(
                f"{server.url}/v1/products", headers={"Authorization": f"Bearer {server.fake.key}"}, timeout=0.5
            )

    def test_shows_a_declined_card(self, remote: stripe.StripeClient) -> None:
        page = requests.post(str(open_checkout(remote).url), data={"number": DECLINING}, timeout=5)
        assert page.status_code == 402
        assert "Your card was declined." in page.text

    @pytest.mark.parametrize(
        "headers", [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}]
    )
    def test_lets_no_other_site_press_its_buttons(self, server: FakeStripeServer, headers: dict[str, str]) -> None:
        answer = requests.post(f"{server.url}/control/clock", data={"days": 1}, headers=headers, timeout=5)
        assert answer.status_code == 403

    def test_deletes(self, remote: stripe.StripeClient) -> None:
        assert remote.v1.customers.delete(remote.v1.customers.create().id).deleted

    def test_goes_on_where_an_endpoint_is_none(
        self, server: FakeStripeServer, remote: stripe.StripeClient, receiver: Receiver
    ) -> None:
        nowhere = remote.v1.webhook_endpoints.create({"url": "http://127.0.0.1:1/", "enabled_events": ["*"]})
        customer = remote.v1.customers.create()
        wait_until(lambda: any(customer.id.encode() in body for _, body, _ in receiver.got), seconds=20)
        remote.v1.webhook_endpoints.delete(nowhere.id)

    def test_sends_no_answer_to_a_cache(self, server: FakeStripeServer) -> None:
        answer = requests.get(f"{server.url}/control", timeout=5)
        assert answer.headers["Cache-Control"] == "no-store"


class TestProcess:
    @pytest.fixture
    def process(self, tmp_path: Path) -> Iterator[EmbeddedStripe]:
        process = EmbeddedStripe(tmp_path / "stripe", web_port=1)
        process.start()
        yield process
        process.stop()

    def test_keeps_everything_over_a_kill(self, process: EmbeddedStripe) -> None:
        remote = client_of(process)
        made = [remote.v1.customers.create({"name": str(number)}).id for number in range(3)]
        session = open_checkout(remote)
        process.kill()
        process.start()
        assert [one.id for one in remote.v1.customers.list().data] == made[::-1]
        assert (
            requests.post(str(session.url), data={"number": GOOD}, allow_redirects=False, timeout=5).status_code == 303
        )
        assert remote.v1.checkout.sessions.retrieve(session.id).status == "complete"


class TestStart:
    def test_outside_development_is_refused_in_a_sentence(self, tmp_path: Path) -> None:
        (tmp_path / "settings.json").write_text('{"port": 1, "key": "sk_test_x"}', encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "coditect.local.fake_stripe", str(tmp_path)],
            cwd=ROOT,
            env={**os.environ, "CODITECT_ENV": "production"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert done.stderr.endswith("CODITECT_ENV is production, but the fake Stripe is for development only.\n")
