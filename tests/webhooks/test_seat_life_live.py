"""A seat's life, told by the real server to the receiver of docs/webhooks.md, while the deliverer is killed twice."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.guide.published_receiver import PublishedReceiver
from tests.live import Live

TTL_SECONDS = 6
PATIENCE_SECONDS = 90.0
POLL_SECONDS = 0.2
EVENTS = ["acquired", "released", "expired", "revoked"]
LIFE = ["seat.acquired", "seats.exhausted", "seat.released", "seat.acquired", "seat.expired", "seat.acquired"]


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Iterator[Live]:
    """Web, worker, deliverer and beat; seats whose machines are silent for 6 s are free."""
    server = Live(
        tmp_path_factory.mktemp("webhooks"),
        prepared=prepared,
        RATE_LIMIT_FACTOR="0",
        SEAT_TTL_SECONDS=str(TTL_SECONDS),
        WEBHOOK_ALLOW_PRIVATE="1",
    )
    try:
        server.start()
        for program in (server.worker, server.deliverer, server.beat):
            program.launch()
        yield server
    finally:
        server.stop()


class Customer:
    """Somebody with an access token of the server's."""

    def __init__(self, server: Live, email: str, password: str) -> None:
        self.server = server
        credentials = {"email": email, "password": password}
        answer = requests.post(f"{server.url}/api/v1/auth/token/", json=credentials, timeout=30)
        self.headers = {"Authorization": f"Bearer {answer.json()['access']}"}

    def post(self, path: str, **body: Any) -> "requests.Response":
        """POST to an endpoint of the flat dialect."""
        return requests.post(f"{self.server.url}/api/v1/{path}/", json=body, headers=self.headers, timeout=30)

    def acquire(self, key: str, machine: str) -> "requests.Response":
        """Ask for a seat."""
        return self.post("licenses/acquire", license_key=key, hardware_id=machine)

    def acquire_once_free(self, key: str, machine: str) -> None:
        """Ask again until the seat is free."""
        assert wait(lambda: self.acquire(key, machine).status_code == HTTPStatus.CREATED)


def wait(condition: Any) -> bool:
    """Until it holds; return whether it did in time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (holds := bool(condition())) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return holds


def kill_deliverer(server: Live) -> None:
    """As a crash would; somebody starts it again."""
    process = server.deliverer.process
    assert process is not None
    process.kill()
    process.wait()
    server.deliverer.launch()


def told(receiver: PublishedReceiver) -> list[str]:
    """The types that it printed, without what they have in common."""
    return [line.partition(" ")[0].removeprefix("license.") for line in receiver.lines]


class TestASeatsLife:
    def test_is_told_whole_in_order_and_again_by_a_replay(self, server: Live, tmp_path: Path) -> None:
        began = datetime.now(UTC)
        owner = Customer(server, server.demo.user_email, server.demo.user_password)
        staff = Customer(server, server.demo.admin_email, server.demo.admin_password)
        key = server.issue_license(seats=1)
        types = [*(f"license.seat.{name}" for name in EVENTS), "license.seats.exhausted"]
        webhook = owner.post("webhooks", url=PublishedReceiver(tmp_path, "").url, events=types).json()
        receiver = PublishedReceiver(tmp_path, webhook["secret"])
        receiver.start()
        try:
            session = owner.acquire(key, "one").json()
            assert owner.acquire(key, "two").status_code == HTTPStatus.CONFLICT
            kill_deliverer(server)
            owner.post("licenses/release", session_id=session["session_id"])
            owner.acquire_once_free(key, "two")
            # It falls silent.
            owner.acquire_once_free(key, "three")
            kill_deliverer(server)
            staff.post(f"licenses/{session['license_id']}/revoke", reason="Not paid.")
            assert wait(lambda: told(receiver) == [*LIFE, "seat.revoked"]), told(receiver)

            forged = {"webhook-id": "1", "webhook-timestamp": str(int(time.time())), "webhook-signature": "v1,AAAA"}
            answer = requests.post(receiver.url, data=b'{"id": "1"}', headers=forged, timeout=30)
            assert (answer.status_code, len(receiver.lines)) == (HTTPStatus.BAD_REQUEST, 7)

            before = receiver.lines
            receiver.stop()
            receiver.start()
            replay = owner.post(f"webhooks/{webhook['id']}/replay", since=began.isoformat())
            assert replay.ok, replay.text
            assert wait(lambda: receiver.lines == [*before, *before]), told(receiver)
        finally:
            receiver.stop()
