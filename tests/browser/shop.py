"""The server that sells, its customers, and their machines."""

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any, TypeVar

import requests

from coditect.local import process
from coditect.local.fake_stripe.embedded import EmbeddedStripe
from tests.live import Live

SEAT_TTL_SECONDS = 5
BEAT_SECONDS = 1.0
PATIENCE_SECONDS = 30.0
# Not less: each look is work for the server that is waited for.
POLL_SECONDS = 0.2
ANSWER_SECONDS = 30.0

Found = TypeVar("Found")


def wait_for(look: Callable[[], Found], wanted: Callable[[Found], bool]) -> Found:
    """Look again and again until it is what is wanted; raises AssertionError with what was seen last."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not wanted(found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"This is all that came: {found}")
        time.sleep(POLL_SECONDS)
    return found


class Shop:
    """The real server, its worker and beat, and the fake Stripe, wired as `make run` wires them."""

    def __init__(self, directory: Path, *, prepared: Path) -> None:
        self.live = Live(directory, prepared=prepared, RATE_LIMIT_FACTOR="0", SEAT_TTL_SECONDS=str(SEAT_TTL_SECONDS))
        self.stripe = EmbeddedStripe(directory / "stripe", web_port=self.live.port)
        self.live.set_environment(
            STRIPE_API_BASE=self.stripe.url,
            STRIPE_SECRET_KEY=self.stripe.key,
            STRIPE_WEBHOOK_SECRET=self.stripe.endpoint_secret,
        )

    def open(self) -> None:
        """Start everything."""
        self.stripe.launch()
        self.live.start()
        for program in (self.live.worker, self.live.beat):
            program.launch()
        self.stripe.wait_ready()
        self._token = self.live.log_in()

    def close(self) -> None:
        """Stop everything."""
        self.live.stop()
        process.stop_all([self.stripe])

    @property
    def control(self) -> str:
        """Where the fake Stripe's clock and faults are."""
        return f"{self.stripe.url}/control"

    @property
    def back(self) -> str:
        """A page of ours that Stripe's may lead back to; one that browsers are quick with."""
        return f"{self.live.url}/healthz"

    def found(self) -> "Customer":
        """A new organization, and its owner logged in."""
        return Customer(f"{self.live.url}/api/v1", token=self._token, back=self.back)


class Customer:
    """The owner of an organization, over the API alone."""

    def __init__(self, api: str, *, token: str, back: str) -> None:
        self._api, self._back = api, back
        self._headers = {"Authorization": f"Bearer {token}"}
        self._headers["X-Organization-Id"] = self.post("orgs", name="Acme")["id"]

    def ask(self, method: str, path: str, **body: Any) -> requests.Response:
        """Send a request to the API."""
        url = f"{self._api}/{path}/"
        return requests.request(method, url, json=body or None, headers=self._headers, timeout=ANSWER_SECONDS)

    def get(self, path: str) -> Any:
        """What a GET answers."""
        answer = self.ask("GET", path)
        assert answer.ok, answer.text
        return answer.json()

    def post(self, path: str, **body: Any) -> Any:
        """What a POST answers."""
        answer = self.ask("POST", path, **body)
        assert answer.ok, answer.text
        return answer.json()

    def checkout(self, *, seats: int) -> str:
        """The address of a checkout for so many seats of Pro by the month."""
        urls = {"success_url": f"{self._back}?bought={{CHECKOUT_SESSION_ID}}", "cancel_url": f"{self._back}?canceled"}
        return str(
            self.post("subscriptions/checkout", price_id="price_pro_monthly", seats=seats, **urls)["checkout_url"]
        )

    def portal(self) -> str:
        """The address of the billing portal."""
        return str(self.post("subscriptions/portal", return_url=self._back)["portal_url"])

    def subscription(self) -> Any:
        """What the organization has."""
        return self.get("subscriptions/current")

    def wait_for_subscription(self, **wanted: Any) -> Any:
        """The subscription, once it is bought and so."""
        return wait_for(self.subscription, lambda found: bool(found["id"]) and wanted.items() <= found.items())

    def license(self) -> Any:
        """The license that was bought; None before."""
        return next((each for each in self.get("licenses")["licenses"] if each["tier"] == "pro"), None)

    def wait_for_license(self, **wanted: Any) -> Any:
        """The license, once it is so."""
        return wait_for(self.license, lambda found: found is not None and wanted.items() <= found.items())

    def acquire(self, key: str, machine: str) -> requests.Response:
        """Ask for a seat for a machine."""
        return self.ask("POST", "licenses/acquire", license_key=key, hardware_id=machine)


class Machine:
    """A client that holds a seat and keeps it by heartbeats of its own, until one is refused."""

    def __init__(self, customer: Customer, key: str, name: str) -> None:
        answer = customer.acquire(key, name)
        assert answer.status_code == 201, answer.text
        self.promises = [answer.json()]
        self._refusals: list[tuple[datetime, Any]] = []
        self._customer, self._has_gone = customer, Event()
        self._thread = Thread(target=self._beat, daemon=True)
        self._thread.start()

    def _beat(self) -> None:
        path = f"licenses/sessions/{self.promises[0]['session_id']}/heartbeat"
        while not self._has_gone.wait(BEAT_SECONDS):
            answer = self._customer.ask("PATCH", path)
            if not answer.ok:
                self._refusals.append((datetime.now().astimezone(), answer.json()))
                return
            self.promises.append(answer.json())

    def leave(self) -> None:
        """Beat no more."""
        self._has_gone.set()
        self._thread.join()

    def wait_until_refused(self) -> tuple[datetime, Any]:
        """When a heartbeat was of no use, and what it was answered."""
        return wait_for(lambda: self._refusals, bool)[0]

    @property
    def promised_until(self) -> datetime:
        """Until when the last answer said that the seat is the machine's."""
        return datetime.fromisoformat(self.promises[-1]["expires_at"])
