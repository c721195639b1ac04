"""Short words for what the tests of the fake Stripe do again and again, through the stripe package."""

import json
from typing import Any

import stripe

from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.person import Person
from coditect.local.fake_stripe.store import Json

URL = "http://127.0.0.1:8000/api/v1/webhooks/stripe/"
SECRET = "whsec_test"
GOOD, DECLINING = "4242424242424242", "4000000000000341"
DAY = 86400


class Clock:
    """Real time, as far as the fake is concerned: 31 January 2026, noon, until it is moved."""

    def __init__(self) -> None:
        self.now = 1769860800.0

    def __call__(self) -> float:
        return self.now


def make_customer(client: stripe.StripeClient, *, card: str | None = "pm_card_visa") -> stripe.Customer:
    """A customer who pays with a card by default."""
    customer = client.v1.customers.create({"email": "owner@example.com"})
    if card is not None:
        attached = client.v1.payment_methods.attach(card, {"customer": customer.id})
        client.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": attached.id}})
    return customer


def open_checkout(client: stripe.StripeClient, *, seats: int = 3, days: int = 0) -> stripe.checkout.Session:
    """A checkout session for seats, with a trial of some days."""
    data: Json = {"metadata": {"organization": "org-1"}} | ({"trial_period_days": days} if days else {})
    params: Any = {
        "mode": "subscription",
        "line_items": [{"price": "price_pro_monthly", "quantity": seats}],
        "success_url": "http://localhost/done?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://localhost/back",
        "client_reference_id": "org-1",
        "subscription_data": data,
    }
    return client.v1.checkout.sessions.create(params)


def subscribe(client: stripe.StripeClient, person: Person, *, seats: int = 3, days: int = 0) -> stripe.Subscription:
    """A subscription bought at the checkout."""
    session = person.pays(open_checkout(client, seats=seats, days=days).id)
    return client.v1.subscriptions.retrieve(session["subscription"])


def item_of(subscription: stripe.Subscription) -> stripe.SubscriptionItem:
    """Its one item. (`subscription.items` is a method of dictionaries.)"""
    item: stripe.SubscriptionItem = subscription["items"].data[0]
    return item


def charged(fake: FakeStripe) -> list[int]:
    """The amounts of all successful charges, in cents."""
    return [charge["amount"] for charge in fake.objects("charge") if charge["paid"]]


def event_types(fake: FakeStripe) -> list[str]:
    """The types of all events, oldest first."""
    return [event["type"] for event in fake.objects("event")]


def body_of(fake: FakeStripe, method: str, path: str, form: str = "", **headers: str) -> tuple[int, Json]:
    """A raw request: its status and body."""
    sent = {"authorization": f"Bearer {fake.key}"} | {name.replace("_", "-"): value for name, value in headers.items()}
    answer = fake.handle(method, path, sent, form)
    return answer.status, json.loads(answer.body)
