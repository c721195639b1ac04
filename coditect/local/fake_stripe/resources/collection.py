"""Gets invoices paid, and lets their subscriptions follow: active when paid, past due when not, retried for a week."""

from coditect.local.fake_stripe import problems
from coditect.local.fake_stripe.resources import cards, invoices, payments
from coditect.local.fake_stripe.store import Json
from coditect.local.fake_stripe.world import World

DAY = 86400
# After each failed attempt: 1, 3, 5 and 7 days after the first one.
RETRY_DAYS = (1, 2, 2, 2)
NO_CARD = "no_card"
# What becomes of a subscription whose retries are over; a setting of the account, past due for ever by default.
AFTER_RETRIES = ("past_due", "unpaid", "canceled")


def card_of(world: World, customer_id: str, subscription: Json | None) -> Json | None:
    """The card that pays: the subscription's own, else the customer's."""
    customer = world.store.get(customer_id) or {}
    own = subscription["default_payment_method"] if subscription else None
    chosen = own or customer.get("invoice_settings", {}).get("default_payment_method")
    return world.store.get(chosen) if chosen else None


def collect(world: World, invoice: Json, *, card: Json | None = None) -> str | None:
    """Try to get an open invoice paid. Return the decline code, `NO_CARD`, or None when it is paid."""
    subscription = world.store.get(invoices.subscription_id(invoice))
    if invoice["amount_due"] == 0:
        invoices.mark_paid(world, invoice)
        _follow_paid(world, subscription, invoice)
        return None
    card = card or card_of(world, invoice["customer"], subscription)
    declined = NO_CARD if card is None else payments.charge(world, _intent(world, invoice), card=card, invoice=invoice)
    invoice["attempt_count"] += 1
    if declined is None:
        invoices.mark_paid(world, invoice)
        _follow_paid(world, subscription, invoice)
    else:
        _note_failure(world, subscription, invoice)
    return declined


def _intent(world: World, invoice: Json) -> Json:
    payment = world.store.select("invoice_payment", invoice=invoice["id"])[0]
    return world.find("payment_intent", payment["payment"]["payment_intent"])


def _follow_paid(world: World, subscription: Json | None, invoice: Json) -> None:
    if subscription is None:
        return
    if subscription["pending_update"] and subscription["_pending"]["invoice"] == invoice["id"]:
        items = {**subscription["items"], "data": subscription["pending_update"]["subscription_items"]}
        world.change(
            subscription, event="customer.subscription.pending_update_applied", items=items, pending_update=None
        )
        world.emit("customer.subscription.updated", subscription, previous={})
    is_latest = subscription["latest_invoice"] == invoice["id"]
    if is_latest and subscription["status"] in {"incomplete", "past_due", "unpaid", "paused"}:
        world.change(subscription, event="customer.subscription.updated", status="active")
    if is_latest:
        _set_delinquent(world, invoice, value=False)


def _note_failure(world: World, subscription: Json | None, invoice: Json) -> None:
    count = invoice["attempt_count"]
    is_retried = (
        invoice["auto_advance"] and count <= len(RETRY_DAYS) and invoice["billing_reason"] != "subscription_create"
    )
    next_attempt = world.now(invoice) + RETRY_DAYS[count - 1] * DAY if is_retried else None
    world.change(invoice, attempted=True, attempt_count=count, next_payment_attempt=next_attempt)
    world.emit("invoice.payment_failed", invoice)
    if subscription is None or subscription["pending_update"]:
        return
    _set_delinquent(world, invoice, value=True)
    if subscription["status"] in {"active", "trialing"}:
        world.change(subscription, event="customer.subscription.updated", status="past_due")
    if not is_retried and subscription["status"] == "past_due":
        _give_up(world, subscription)


def _give_up(world: World, subscription: Json) -> None:
    match world.store.setting("after_retries", AFTER_RETRIES[0]):
        case "unpaid":
            world.change(subscription, event="customer.subscription.updated", status="unpaid")
        case "canceled":
            end(world, subscription, reason="payment_failed")


def _set_delinquent(world: World, invoice: Json, *, value: bool) -> None:
    customer = world.store.get(invoice["customer"])
    if customer is not None and customer["delinquent"] != value:
        world.change(customer, event="customer.updated", delinquent=value)


def end(world: World, subscription: Json, *, reason: str = "cancellation_requested") -> Json:
    """Cancel a subscription at this moment. Its unpaid invoices stay, but nobody is charged for them any more."""
    now = world.now(subscription)
    for status in ("draft", "open"):
        for invoice in world.store.select("invoice", customer=subscription["customer"], status=status):
            if invoices.subscription_id(invoice) == subscription["id"]:
                world.change(invoice, event="invoice.updated", auto_advance=False, next_payment_attempt=None)
    details = {
        **subscription["cancellation_details"],
        "reason": subscription["cancellation_details"]["reason"] or reason,
    }
    changes = {"status": "canceled", "ended_at": now, "canceled_at": subscription["canceled_at"] or now}
    return world.change(
        subscription,
        event="customer.subscription.deleted",
        cancellation_details=details,
        pending_update=None,
        **changes,
    )


def pay(world: World, params: Json, id: str) -> Json:
    """Pay an open invoice now, with the card that is named or the usual one."""
    invoice = world.find("invoice", id)
    if invoice["status"] == "paid":
        raise problems.StripeProblem("Invoice is already paid", code="invoice_already_paid")
    if invoice["status"] == "draft":
        invoices.finalize(world, invoice)
    if invoice["status"] != "open":
        raise problems.StripeProblem(f"This invoice can no longer be paid: it is {invoice['status']}.")
    card = None
    if "payment_method" in params:
        card = world.find("payment_method", params["payment_method"], param="payment_method")
    declined = collect(world, invoice, card=card) if invoice["status"] == "open" else None
    if declined == NO_CARD:
        raise no_card()
    if declined:
        problem = cards.decline(declined)
        problem.keeps_effects = True
        raise problem
    return invoice


def no_card() -> problems.StripeProblem:
    return problems.StripeProblem(
        "This customer has no attached payment source or default payment method. Please consider adding a default "
        "payment method. For more information, visit https://stripe.com/docs/billing/subscriptions/payment-methods-setting"
        "#payment-method-priority.",
        code="resource_missing",
    )
