"""The checkout page: what is bought, and the cards to pay with."""

from html import escape
from http import HTTPStatus

from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.pages.html import Page, button, document, entry, go_to, money, table, text
from coditect.local.fake_stripe.person import Person
from coditect.local.fake_stripe.problems import StripeProblem
from coditect.local.fake_stripe.resources import checkout
from coditect.local.fake_stripe.resources.cards import CARDS, GOOD
from coditect.local.fake_stripe.store import Json

_DECLINING = "4000000000000002"


def show(fake: FakeStripe, id: str, *, problem: str | None = None) -> Page:
    """The page of a session. Raises StripeProblem for an unknown one."""
    with fake.lock:
        session = fake.world.find("checkout.session", id)
        line = checkout.line_items(fake.world, session)["data"][0]
    if session["status"] != "open":
        return document("Checkout", text(f"This checkout is {session['status']}. There is nothing to pay here."))
    trial = session["_subscription_data"].get("trial_period_days")
    parts = [
        table(["What", "Quantity", "Each", "Total"], [_row(line)]),
        text(f"The first {trial} days are free.") if trial else "",
        text(problem, css="problem") if problem else "",
        *[f"<div>{choice}</div>" for choice in _choices(session)],
    ]
    return document("Checkout", *parts, status=HTTPStatus.PAYMENT_REQUIRED if problem else HTTPStatus.OK)


def _row(line: Json) -> list[str]:
    price = line["price"]
    total = f"{money(line['amount_total'])} per {price['recurring']['interval']}"
    return [escape(line["description"]), str(line["quantity"]), money(price["unit_amount"]), f"<b>{total}</b>"]


def _choices(session: Json) -> list[str]:
    action = f"/c/pay/{session['id']}"
    found = [
        button("Pay with a good card", action=action, number=GOOD),
        button("Pay with a declining card", action=action, number=_DECLINING),
        entry("Pay with this test number", action=action, name="number", value="4000000000009995"),
    ]
    if session["payment_method_collection"] == "if_required" and session["amount_total"] == 0:
        found.append(button("Start without a card", action=action, number=""))
    return [*found, button("Cancel", action=action, cancel="yes")]


def act(fake: FakeStripe, id: str, form: dict[str, str]) -> Page:
    """Pay or go back."""
    with fake.lock:
        session = fake.world.find("checkout.session", id)
    if "cancel" in form:
        return go_to(session["cancel_url"]) if session["cancel_url"] else show(fake, id)
    number = form.get("number", "").replace(" ", "") or None
    if number is not None and number not in CARDS:
        return show(fake, id, problem=f"Your card number is incorrect. Known here: {', '.join(CARDS)}")
    try:
        Person(fake).pays(id, number=number)
    except StripeProblem as problem:
        return show(fake, id, problem=str(problem))
    return go_to(session["success_url"].replace("{CHECKOUT_SESSION_ID}", id))
