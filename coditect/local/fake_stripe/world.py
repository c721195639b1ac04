"""What every resource works with: the store, the time, and the events that changes leave behind."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from coditect.local.fake_stripe import deliveries, problems
from coditect.local.fake_stripe.shapes import api_version
from coditect.local.fake_stripe.store import Json, Store

_NOUNS = {
    "payment_method": "PaymentMethod",
    "checkout.session": "checkout.session",
    "webhook_endpoint": "webhook endpoint",
}


@dataclass(frozen=True)
class Request:
    """The request that is being answered, as events name it."""

    id: str | None = None
    idempotency_key: str | None = None


class World:
    """One Stripe account in test mode."""

    def __init__(self, store: Store, *, clock: Callable[[], float] = time.time) -> None:
        self.store = store
        self.request = Request()
        # Where the hosted pages are reached.
        self.url = "http://127.0.0.1"
        self._clock = clock
        self._frozen_at: int | None = None

    def now(self, of: Json | None = None) -> int:
        """Seconds since the epoch, on the object's test clock if it has one."""
        if self._frozen_at is not None:
            return self._frozen_at
        clock = self.store.get(of["test_clock"]) if of and of.get("test_clock") else None
        if clock is not None:
            return int(clock["frozen_time"])
        return int(self._clock() + self.store.setting("offset", 0))

    def real_now(self) -> float:
        """The time that signatures and deliveries go by, which no test clock moves."""
        return self._clock()

    @contextmanager
    def at(self, moment: int) -> Iterator[None]:
        """Let something happen at its time, although the clock has been moved past it."""
        before, self._frozen_at = self._frozen_at, moment
        try:
            yield
        finally:
            self._frozen_at = before

    def find(self, kind: str, id: str, *, param: str | None = None) -> Json:
        """Return an object. Raises StripeProblem: 404 for an id in the path, 400 for one in the parameter `param`."""
        found = self.store.get(id)
        if found is None or found["object"] != kind:
            status = 404 if param is None else 400
            raise problems.missing_resource(_NOUNS.get(kind, kind), id, param=param or "id", status=status)
        return found

    def add(self, body: Json, *, event: str | None = None) -> Json:
        self.store.insert(body)
        if event:
            self.emit(event, body)
        return body

    def change(self, body: Json, *, event: str | None = None, **changes: object) -> Json:
        """Store an object's new values and tell of those that differ from what is stored.

        An event `….updated` without a difference is not sent.
        """
        before = self.store.get(body["id"]) or {}
        body |= changes
        self.store.save(body)
        if event:
            previous = difference(visible(before), visible(body))
            if previous or not event.endswith(".updated"):
                self.emit(event, body, previous=previous if event.endswith(".updated") else None)
        return body

    def remove(self, body: Json, *, event: str | None = None) -> Json:
        self.store.delete(body["id"])
        if event:
            self.emit(event, body)
        return {"id": body["id"], "object": body["object"], "deleted": True}

    def emit(self, type: str, body: Json, *, previous: Json | None = None) -> None:  # noqa: A002 (Stripe's name for it)
        data = {"object": visible(body)} | ({"previous_attributes": previous} if previous is not None else {})
        event = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": api_version(),
            "created": self.now(body),
            "data": data,
            "livemode": False,
            "pending_webhooks": 0,
            "request": {"id": self.request.id, "idempotency_key": self.request.idempotency_key},
            "type": type,
        }
        event["pending_webhooks"] = deliveries.enqueue(self.store, event, now=self.real_now())
        self.store.insert(event)


def new_id(prefix: str) -> str:
    """An id such as `cus_` with 24 characters of hexadecimal."""
    return f"{prefix}_{secrets.token_hex(12)}"


def visible(body: Json) -> Json:
    """The object as it is answered: what begins with an underscore is the fake's own note."""
    return {name: value for name, value in body.items() if not name.startswith("_")}


def difference(before: Json, after: Json) -> Json:
    """What changed, with the old values; of objects inside only the changed fields, of lists all."""
    changed: Json = {}
    for name, old in before.items():
        new = after.get(name)
        if old != new:
            both_objects = isinstance(old, dict) and isinstance(new, dict)
            changed[name] = difference(old, new or {}) if both_objects else old
    return changed | {name: None for name in after if name not in before}


def merge_metadata(old: Json | None, new: object) -> Json:
    """Stripe's rule: keys are added or replaced, an empty value deletes its key, an empty string deletes all."""
    if not isinstance(new, dict):
        return {} if new == "" else dict(old or {})
    return {name: value for name, value in {**(old or {}), **new}.items() if value != ""}
