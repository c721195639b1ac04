"""Payment intents and charges: what an invoice's money moves through."""

from coditect.local.fake_stripe.resources import cards
from coditect.local.fake_stripe.store import Json
from coditect.local.fake_stripe.world import World, new_id


def open_intent(world: World, invoice: Json) -> Json:
    """Make the payment intent of a finalized invoice that has something to pay."""
    id = new_id("pi")
    intent = {
        "id": id,
        "object": "payment_intent",
        "amount": invoice["amount_due"],
        "amount_capturable": 0,
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic",
        "client_secret": f"{id}_secret_{new_id('')[1:]}",
        "confirmation_method": "automatic",
        "created": world.now(invoice),
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "customer_account": None,
        "description": "Subscription update"
        if invoice["billing_reason"] == "subscription_update"
        else "Subscription creation",
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": "off_session",
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
        "_invoice": invoice["id"],
    }
    world.add(intent, event="payment_intent.created")
    _link(world, invoice, intent)
    return intent


def _link(world: World, invoice: Json, intent: Json) -> None:
    payment = {
        "id": new_id("inpay"),
        "object": "invoice_payment",
        "amount_paid": None,
        "amount_requested": intent["amount"],
        "created": intent["created"],
        "currency": intent["currency"],
        "invoice": invoice["id"],
        "is_default": True,
        "livemode": False,
        "payment": {"type": "payment_intent", "payment_intent": intent["id"]},
        "status": "open",
        "status_transitions": {"canceled_at": None, "paid_at": None},
    }
    world.add(payment)


def charge(world: World, intent: Json, *, card: Json, invoice: Json) -> str | None:
    """Try to take an intent's money from a card. Return the decline code; None when it was paid."""
    declined = cards.decline_code(world, card)
    made = world.add(
        _charge(world, intent, card=card, invoice=invoice, declined=declined),
        event="charge.failed" if declined else "charge.succeeded",
    )
    if declined:
        error = cards.decline(declined, charge=made["id"]).body()["error"]
        world.change(
            intent,
            event="payment_intent.payment_failed",
            latest_charge=made["id"],
            last_payment_error=error,
        )
        return declined
    world.change(
        intent,
        event="payment_intent.succeeded",
        status="succeeded",
        latest_charge=made["id"],
        last_payment_error=None,
        payment_method=card["id"],
        amount_received=intent["amount"],
    )
    for payment in world.store.select("invoice_payment", invoice=invoice["id"]):
        transitions = {"canceled_at": None, "paid_at": world.now(invoice)}
        changes = {"status": "paid", "amount_paid": intent["amount"], "status_transitions": transitions}
        world.change(payment, event="invoice_payment.paid", **changes)
    return None


def _charge(world: World, intent: Json, *, card: Json, invoice: Json, declined: str | None) -> Json:
    paid = declined is None
    return {
        "id": new_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if paid else 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": card["billing_details"],
        "calculated_statement_descriptor": "CODITECT",
        "captured": paid,
        "created": world.now(invoice),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": cards.decline(declined).details["code"] if declined else None,
        "failure_message": str(cards.decline(declined)) if declined else None,
        "fraud_details": {},
        "livemode": False,
        "metadata": {},
        "on_behalf_of": None,
        "outcome": _outcome(declined),
        "paid": paid,
        "payment_intent": intent["id"],
        "payment_method": card["id"],
        "payment_method_details": {"type": "card", "card": _card_details(card)},
        "receipt_email": None,
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "succeeded" if paid else "failed",
        "transfer_data": None,
        "transfer_group": None,
    }


def _card_details(card: Json) -> Json:
    kept = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4", "wallet")
    return {name: card["card"][name] for name in kept}


def _outcome(declined: str | None) -> Json:
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "declined_by_network" if declined else "approved_by_network",
        "reason": declined,
        "risk_level": "normal",
        "risk_score": 7,
        "seller_message": "The bank did not return any further details with this decline."
        if declined
        else "Payment complete.",
        "type": "issuer_declined" if declined else "authorized",
    }


def cancel_intent(world: World, invoice: Json) -> None:
    """Give up the intent of an invoice that was voided."""
    for payment in world.store.select("invoice_payment", invoice=invoice["id"]):
        intent = world.store.get(payment["payment"]["payment_intent"])
        if intent and intent["status"] != "succeeded":
            now = world.now(invoice)
            world.change(
                intent,
                event="payment_intent.canceled",
                status="canceled",
                canceled_at=now,
                cancellation_reason="void_invoice",
            )
            world.change(payment, status="canceled", status_transitions={"canceled_at": now, "paid_at": None})
