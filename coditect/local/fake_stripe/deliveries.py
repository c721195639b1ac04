"""Webhooks: which events go to which endpoints, signed, again with back-off until one says 2xx, and with faults."""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass

from coditect.local.fake_stripe import faults
from coditect.local.fake_stripe.store import Json, Store

# Stripe tries for three days; a person who watches a fake wants to see the second try.
RETRY_SECONDS = (1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 3600.0, 10800.0)
LATE_SECONDS = 8.0
OK, REDIRECT = 200, 300


@dataclass(frozen=True)
class Delivery:
    """One signed request to an endpoint."""

    number: int
    event_id: str
    type: str
    url: str
    body: bytes
    headers: dict[str, str]


# Takes a delivery, returns the HTTP status. Raises OSError when there is no answer.
Sender = Callable[[Delivery], int]


def sign(body: bytes, *, secrets: list[str], timestamp: int) -> str:
    """The header Stripe-Signature, with one v1 for each secret: there are two while one is rolled."""
    signed = b"%d." % timestamp + body
    signatures = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={timestamp}", *(f"v1={signature}" for signature in signatures)])


def enqueue(store: Store, event: Json, *, now: float) -> int:
    """Note the event for each endpoint that wants it; return how many there are."""
    wanted = [endpoint for endpoint in store.select("webhook_endpoint", status="enabled") if _wants(endpoint, event)]
    for endpoint in wanted:
        _insert(store, event["id"], endpoint["id"], due=now)
    return len(wanted)


def redeliver(store: Store, event_id: str, *, now: float) -> None:
    """Send an event once more to every endpoint, whatever became of it before."""
    for endpoint in store.select("webhook_endpoint", status="enabled"):
        _insert(store, event_id, endpoint["id"], due=now)


def _wants(endpoint: Json, event: Json) -> bool:
    return bool({"*", event["type"]} & set(endpoint["enabled_events"]))


def _insert(store: Store, event_id: str, endpoint_id: str, *, due: float, note: str = "") -> None:
    store.connection.execute(
        "INSERT INTO delivery (event, endpoint, due, note) VALUES (?, ?, ?, ?)", [event_id, endpoint_id, due, note]
    )


def take_due(store: Store, *, now: float, limit: int = 50) -> list[Delivery]:
    """The deliveries whose time has come, after the faults have had their way with the new ones."""
    rows = _due_rows(store, now=now, limit=limit)
    fresh = [row for row in rows if row["attempts"] == 0 and not row["note"]]
    for row in fresh:
        _apply_faults(store, row, now=now)
    if fresh:
        rows = _due_rows(store, now=now, limit=limit)
    if faults.takes(store, "reordered", about="webhook") and len(rows) > 1:
        rows.reverse()
    return [delivery for row in rows if (delivery := _make(store, row, now=now)) is not None]


def _due_rows(store: Store, *, now: float, limit: int) -> list[Json]:
    found = store.connection.execute(
        "SELECT number, event, endpoint, attempts, note FROM delivery WHERE state = 'pending' AND due <= ?"
        " ORDER BY due, number LIMIT ?",
        [now, limit],
    )
    return [dict(zip(("number", "event", "endpoint", "attempts", "note"), row, strict=True)) for row in found]


def _apply_faults(store: Store, row: Json, *, now: float) -> None:
    event = store.get(row["event"]) or {}
    about = str(event.get("type"))
    if faults.takes(store, "duplicate", about=about):
        _insert(store, row["event"], row["endpoint"], due=now, note="duplicate")
    if faults.takes(store, "twin", about=about):
        twin = {**event, "id": f"{event['id']}_twin"}
        if store.get(twin["id"]) is None:
            store.insert(twin)
            _insert(store, twin["id"], row["endpoint"], due=now, note="twin")
    if faults.takes(store, "lost", about=about):
        _update(store, row["number"], state="lost", note="lost")
    elif faults.takes(store, "late", about=about):
        _update(store, row["number"], due=now + LATE_SECONDS, note="late")


def _make(store: Store, row: Json, *, now: float) -> Delivery | None:
    event, endpoint = store.get(row["event"]), store.get(row["endpoint"])
    if event is None or endpoint is None:
        _update(store, row["number"], state="gone")
        return None
    # Stripe's bodies are not as `json.dumps` would write them again: only the raw bytes fit the signature.
    body = json.dumps(event, separators=(",\n ", ": ")).encode()
    signature = sign(body, secrets=endpoint["_secrets"], timestamp=int(now))
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        "Stripe-Signature": signature,
    }
    return Delivery(row["number"], event["id"], event["type"], endpoint["url"], body, headers)


def note_result(store: Store, delivery: Delivery, *, status: int | None, now: float) -> None:
    """Record what an endpoint said (None: nothing), and when to try again."""
    row = store.connection.execute(
        "SELECT attempts, event FROM delivery WHERE number = ?", [delivery.number]
    ).fetchone()
    attempts = row[0] + 1
    note = "no answer" if status is None else f"HTTP {status}"
    if status is not None and OK <= status < REDIRECT:
        _update(store, delivery.number, state="delivered", attempts=attempts, note=note)
        _count_down(store, row[1])
    elif attempts > len(RETRY_SECONDS):
        _update(store, delivery.number, state="failed", attempts=attempts, note=note)
    else:
        _update(store, delivery.number, due=now + RETRY_SECONDS[attempts - 1], attempts=attempts, note=note)


def _count_down(store: Store, event_id: str) -> None:
    event = store.get(event_id)
    if event is not None and event["pending_webhooks"] > 0:
        store.save({**event, "pending_webhooks": event["pending_webhooks"] - 1})


def _update(
    store: Store,
    number: int,
    *,
    state: str | None = None,
    due: float | None = None,
    attempts: int | None = None,
    note: str | None = None,
) -> None:
    store.connection.execute(
        "UPDATE delivery SET state = coalesce(?, state), due = coalesce(?, due), attempts = coalesce(?, attempts),"
        " note = coalesce(?, note) WHERE number = ?",
        [state, due, attempts, note, number],
    )
