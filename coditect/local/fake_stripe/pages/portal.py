"""The billing portal and the page of one invoice."""

from html import escape
from http import HTTPStatus

from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.pages.html import Page, button, document, entry, heading, link, money, table, text
from coditect.local.fake_stripe.person import Person
from coditect.local.fake_stripe.problems import StripeProblem
from coditect.local.fake_stripe.resources import collection, lines
from coditect.local.fake_stripe.resources.cards import CARDS, DECLINING, GOOD
from coditect.local.fake_stripe.resources.periods import day
from coditect.local.fake_stripe.store import Json

_LIVE = {"trialing", "active", "past_due", "unpaid"}


def show(fake: FakeStripe, id: str, *, problem: str | None = None) -> Page:
    """The portal of a customer. Raises StripeProblem for an unknown session."""
    with fake.lock:
        session = fake.world.find("billing_portal.session", id)
        subscriptions = fake.objects("subscription", customer=session["customer"])
        invoices = fake.objects("invoice", customer=session["customer"])
    action = f"/p/session/{id}"
    parts = [
        text(problem, css="problem") if problem else "",
        heading("Subscriptions"),
        table(["Subscription", "Status", "", ""], [_subscription(fake, one, action=action) for one in subscriptions]),
        heading("Card"),
        *_card(fake, session, subscriptions, action=action),
        heading("Invoices"),
        table(
            ["Invoice", "Date", "Amount", "Status", ""], [_invoice(one, action=action) for one in reversed(invoices)]
        ),
        f"<p>{link('Return', session['return_url'])}</p>" if session["return_url"] else "",
    ]
    return document("Billing", *parts, status=HTTPStatus.PAYMENT_REQUIRED if problem else HTTPStatus.OK)


def _subscription(fake: FakeStripe, one: Json, *, action: str) -> list[str]:
    item = one["items"]["data"][0]
    name = lines.product_name(fake.world, item["price"])
    until = day(item["current_period_end"])
    is_ending = one["cancel_at_period_end"]
    change = ""
    if one["status"] in _LIVE:
        change = button(
            "Do not cancel" if is_ending else "Cancel at the end of the period",
            action=action,
            **{"renew" if is_ending else "cancel": one["id"]},
        )
    end = f"ends on {until}" if is_ending else f"period until {until}"
    return [escape(f"{item['quantity']} of {name}"), f"<b>{one['status']}</b>", end, change]


def _card(fake: FakeStripe, session: Json, subscriptions: list[Json], *, action: str) -> list[str]:
    latest = subscriptions[-1] if subscriptions else None
    card = collection.card_of(fake.world, session["customer"], latest)
    known = f"{card['card']['brand']} ending in {card['card']['last4']}" if card else "No card is known."
    return [
        text(known),
        button("Use a good card", action=action, number=GOOD),
        button("Use a card that will be declined", action=action, number=DECLINING),
        entry("Use this test number", action=action, name="number", value=DECLINING),
    ]


def _invoice(one: Json, *, action: str) -> list[str]:
    pay = button("Pay now", action=action, invoice=one["id"]) if one["status"] == "open" else ""
    name = link(one["number"] or "draft", f"/invoices/{one['id']}")
    return [name, day(one["created"]), money(one["total"]), one["status"], pay]


def act(fake: FakeStripe, id: str, form: dict[str, str]) -> Page:
    """Do what a button says, then show the portal again, with what was wrong if it did not work."""
    with fake.lock:
        session = fake.world.find("billing_portal.session", id)
    try:
        _do(Person(fake), session["customer"], form)
    except StripeProblem as problem:
        return show(fake, id, problem=str(problem))
    return show(fake, id)


def _do(person: Person, customer: str, form: dict[str, str]) -> None:
    if "cancel" in form:
        person.cancels(form["cancel"])
    elif "renew" in form:
        person.renews(form["renew"])
    elif "invoice" in form:
        person.pays_invoice(form["invoice"])
    elif form.get("number") in CARDS:
        person.changes_card(customer, number=form["number"])
    else:
        raise StripeProblem(f"Your card number is incorrect. Known here: {', '.join(CARDS)}")


def show_invoice(fake: FakeStripe, id: str, *, problem: str | None = None) -> Page:
    """An invoice with its lines, and a button to pay it."""
    with fake.lock:
        invoice = fake.world.find("invoice", id)
    rows = [[escape(line["description"]), money(line["amount"])] for line in invoice["lines"]["data"]]
    parts = [
        text(problem, css="problem") if problem else "",
        text(f"{invoice['status']}, {day(invoice['created'])}"),
        table(["What", "Amount"], rows),
        text(f"Total {money(invoice['total'])}, to pay {money(invoice['amount_remaining'])}"),
        button("Pay now", action=f"/invoices/{id}", pay="yes") if invoice["status"] == "open" else "",
    ]
    return document(f"Invoice {invoice['number'] or '(draft)'}", *parts)


def act_on_invoice(fake: FakeStripe, id: str, _form: dict[str, str]) -> Page:
    """Pay it with the customer's card."""
    try:
        Person(fake).pays_invoice(id)
    except StripeProblem as problem:
        return show_invoice(fake, id, problem=str(problem))
    return show_invoice(fake, id)
