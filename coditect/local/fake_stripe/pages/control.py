"""The control page: faults, the clock, events to send again, and everything the account holds."""

import json
from datetime import UTC, datetime
from http import HTTPStatus

from coditect.local.fake_stripe import deliveries, due, faults
from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.pages.html import Page, button, document, entry, go_to, heading, link, table, text
from coditect.local.fake_stripe.problems import StripeProblem
from coditect.local.fake_stripe.resources.collection import AFTER_RETRIES
from coditect.local.fake_stripe.store import Json

_KINDS = ("customer", "checkout.session", "subscription", "invoice", "charge", "price", "webhook_endpoint")
_SHOWN = 40
_MOST_DAYS = 3660
# Long enough that a renewal's draft has become an invoice and was charged.
_BEYOND_SECONDS = 3660
# What was bought within a day is renewed by one press of the button.
_TOGETHER_SECONDS = due.DAY


def show(fake: FakeStripe) -> Page:
    """The whole page."""
    with fake.lock:
        now = datetime.fromtimestamp(fake.world.now(), UTC)
        fault_rows = [_fault(fake, name, meaning) for name, meaning in faults.FAULTS.items()]
        rule = fake.store.setting("after_retries", AFTER_RETRIES[0])
        event_rows = [_event(fake, event) for event in fake.objects("event")[-_SHOWN:][::-1]]
        object_rows = [_object(body) for kind in _KINDS for body in fake.objects(kind)[-_SHOWN:]]
    return document(
        "Fake Stripe: control",
        heading("Clock"),
        text(f"It is {now:%d %b %Y %H:%M} UTC here. Only Stripe's time moves, never the server's."),
        button("Advance one day", action="/control/clock", days=1),
        *[button(f"Advance {days} days", action="/control/clock", days=days) for days in (3, 7, 31)],
        entry("Advance days", action="/control/clock", name="days", value="365"),
        button("Advance beyond the next renewal", action="/control/clock", renewal="next"),
        heading("Faults"),
        table(["Fault", "State", "What happens", ""], fault_rows),
        heading("When a renewal's retries are over"),
        text(f"The subscription becomes or stays {rule}."),
        *[button(word, action="/control/after-retries", rule=word) for word in AFTER_RETRIES if word != rule],
        heading("Events"),
        button("Deliver all lost and failed events", action="/control/redeliver", event="undelivered"),
        table(["Event", "Type", "Deliveries", ""], event_rows),
        heading("Objects"),
        table(["Id", "Kind", "Status"], object_rows),
    )


def _fault(fake: FakeStripe, name: str, meaning: str) -> list[str]:
    times, only = faults.state(fake.store, name)
    how_often = {0: "off", faults.ALWAYS: "on"}.get(times, f"the next {times}")
    state = f"{how_often}, only {only}" if only else how_often
    buttons = [
        button("On", action="/control/faults", name=name, times=faults.ALWAYS),
        button("Next one", action="/control/faults", name=name, times=1),
        button("Off", action="/control/faults", name=name, times=0),
    ]
    return [name, f"<b>{state}</b>" if times else state, meaning, "".join(buttons)]


def _event(fake: FakeStripe, event: Json) -> list[str]:
    found = fake.store.connection.execute(
        "SELECT state, attempts, note FROM delivery WHERE event = ? ORDER BY number", [event["id"]]
    )
    said = "; ".join(f"{state} after {attempts} ({note})" if note else state for state, attempts, note in found)
    again = button("Redeliver", action="/control/redeliver", event=event["id"])
    return [link(event["id"], f"/control/objects/{event['id']}"), event["type"], said, again]


def _object(body: Json) -> list[str]:
    return [link(body["id"], f"/control/objects/{body['id']}"), body["object"], str(body.get("status") or "")]


def show_object(fake: FakeStripe, id: str) -> Page:
    """One object as JSON."""
    with fake.lock:
        found = fake.store.get(id)
    if found is None:
        raise StripeProblem(f"No such object: '{id}'", status=HTTPStatus.NOT_FOUND)
    return Page(json.dumps(found, indent=2), content_type="application/json")


def act(fake: FakeStripe, what: str, form: dict[str, str]) -> Page:
    """Do what a button says and show the page again. Raises StripeProblem for a form that cannot be read."""
    try:
        _do(fake, what, form)
    except (KeyError, ValueError) as problem:
        raise StripeProblem(f"This form cannot be read: {problem}") from None
    return go_to("/control")


def _do(fake: FakeStripe, what: str, form: dict[str, str]) -> None:
    match what:
        case "clock" if "renewal" in form:
            fake.advance(seconds=_seconds_to_renewal(fake))
        case "clock":
            fake.advance(days=_days(form["days"]))
        case "faults":
            fake.switch(form["name"], times=int(form.get("times") or faults.ALWAYS), only=form.get("only", ""))
        case "after-retries":
            with fake.change() as world:
                world.store.set("after_retries", AFTER_RETRIES[AFTER_RETRIES.index(form["rule"])])
        case "redeliver":
            _redeliver(fake, form["event"])
        case _:
            raise StripeProblem("There is no such page.", status=HTTPStatus.NOT_FOUND)


def _days(text: str) -> float:
    days = float(text)
    if not 0 <= days <= _MOST_DAYS:
        raise ValueError(text)
    return days


def _seconds_to_renewal(fake: FakeStripe) -> int:
    with fake.lock:
        now = fake.world.now()
        live = [one for one in fake.objects("subscription", test_clock=None) if due.due_of(_noted(fake, one))]
    ends = [one["items"]["data"][0]["current_period_end"] for one in live]
    first = min(ends, default=now)
    last = max((end for end in ends if end < first + _TOGETHER_SECONDS), default=now)
    return max(last - now, 0) + _BEYOND_SECONDS


def _noted(fake: FakeStripe, body: Json) -> Json:
    """The object with the notes that it is answered without."""
    return fake.store.get(body["id"]) or body


def _redeliver(fake: FakeStripe, event: str) -> None:
    with fake.change() as world:
        if event != "undelivered":
            world.find("event", event)
            deliveries.redeliver(world.store, event, now=world.real_now())
            return
        world.store.connection.execute(
            "UPDATE delivery SET state = 'pending', attempts = 0, note = 'again', due = ?"
            " WHERE state IN ('lost', 'failed')",
            [world.real_now()],
        )
