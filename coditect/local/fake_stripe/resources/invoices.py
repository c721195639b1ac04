"""Invoices: drafted, finalized, paid or voided. Who pays them and what follows is told in collection.py."""

from coditect.local.fake_stripe import problems
from coditect.local.fake_stripe.resources import lines as invoice_lines
from coditect.local.fake_stripe.resources import payments
from coditect.local.fake_stripe.store import Json
from coditect.local.fake_stripe.world import World, new_id

# A renewal's invoice stays a draft for an hour, so that lines can still be added.
DRAFT_SECONDS = 3600


def draft(
    world: World, subscription: Json, *, reason: str, lines: list[Json], period: tuple[int, int], is_held: bool = False
) -> Json:
    """Make an invoice of these lines and of whatever waits to be invoiced, and note it as the latest one."""
    invoice = _blank(world, subscription, reason=reason, period=period)
    lines = [*invoice_lines.take_pending(world, subscription, invoice_id=invoice["id"]), *lines]
    for line in lines:
        line["invoice"] = invoice["id"]
    total = sum(line["amount"] for line in lines)
    invoice["lines"]["data"] = lines
    invoice |= {"subtotal": total, "subtotal_excluding_tax": total, "total": total, "total_excluding_tax": total}
    invoice |= {"amount_due": max(total, 0), "amount_remaining": max(total, 0)}
    if is_held:
        invoice["automatically_finalizes_at"] = world.now(subscription) + DRAFT_SECONDS
    return world.add(invoice, event="invoice.created")


def _blank(world: World, subscription: Json, *, reason: str, period: tuple[int, int]) -> Json:
    id = new_id("in")
    customer = world.store.get(subscription["customer"]) or {}
    return {
        "id": id,
        "object": "invoice",
        "account_country": "US",
        "account_name": "CODITECT",
        "account_tax_ids": None,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_paid_off_stripe": 0,
        "amount_shipping": 0,
        "application": None,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": True,
        "automatic_tax": {
            "disabled_reason": None,
            "enabled": False,
            "liability": None,
            "provider": None,
            "status": None,
        },
        "automatically_finalizes_at": None,
        "billing_reason": reason,
        "collection_method": "charge_automatically",
        "created": world.now(subscription),
        "currency": subscription["currency"],
        "custom_fields": None,
        "customer": subscription["customer"],
        "customer_account": None,
        "customer_address": customer.get("address"),
        "customer_email": customer.get("email"),
        "customer_name": customer.get("name"),
        "customer_phone": customer.get("phone"),
        "customer_shipping": None,
        "customer_tax_exempt": "none",
        "customer_tax_ids": [],
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "due_date": None,
        "effective_at": None,
        "ending_balance": None,
        "footer": None,
        "from_invoice": None,
        "hosted_invoice_url": None,
        "invoice_pdf": None,
        "issuer": {"type": "self"},
        "last_finalization_error": None,
        "latest_revision": None,
        "lines": {"object": "list", "data": [], "has_more": False, "url": f"/v1/invoices/{id}/lines"},
        "livemode": False,
        "metadata": {},
        "next_payment_attempt": None,
        "number": None,
        "on_behalf_of": None,
        "parent": {
            "type": "subscription_details",
            "quote_details": None,
            "subscription_details": {"metadata": subscription["metadata"], "subscription": subscription["id"]},
        },
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        "period_end": period[1],
        "period_start": period[0],
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": None,
        "rendering": None,
        "shipping_cost": None,
        "shipping_details": None,
        "starting_balance": customer.get("balance", 0),
        "statement_descriptor": None,
        "status": "draft",
        "status_transitions": {
            "finalized_at": None,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        "test_clock": subscription["test_clock"],
        "total_discount_amounts": [],
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
        "webhooks_delivered_at": None,
    }


def subscription_id(invoice: Json) -> str:
    return str(invoice["parent"]["subscription_details"]["subscription"])


def finalize(world: World, invoice: Json) -> Json:
    """Number a draft and open it; one with nothing to pay is paid at once. The customer's balance is used up first."""
    if invoice["status"] != "draft":
        raise problems.StripeProblem("This invoice is already finalized, you can't re-finalize a non-draft invoice.")
    customer = world.find("customer", invoice["customer"], param="customer")
    balance = customer["balance"]
    owed = invoice["total"] + balance
    due, rest = max(owed, 0), min(owed, 0)
    number = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}"
    world.change(customer, next_invoice_sequence=customer["next_invoice_sequence"] + 1)
    if rest != balance:
        world.change(customer, event="customer.updated", balance=rest)
    now = world.now(invoice)
    world.change(
        invoice,
        event="invoice.finalized",
        status="open",
        number=number,
        amount_due=due,
        amount_remaining=due,
        starting_balance=balance,
        ending_balance=rest,
        automatically_finalizes_at=None,
        effective_at=now,
        hosted_invoice_url=f"{world.url}/invoices/{invoice['id']}",
        invoice_pdf=f"{world.url}/invoices/{invoice['id']}",
        status_transitions={**invoice["status_transitions"], "finalized_at": now},
    )
    if due > 0:
        payments.open_intent(world, invoice)
    return invoice


def mark_paid(world: World, invoice: Json) -> None:
    """Note that nothing is left to pay."""
    changes = {
        "status": "paid",
        "amount_paid": invoice["amount_due"],
        "amount_remaining": 0,
        "attempted": True,
        "next_payment_attempt": None,
        "status_transitions": {**invoice["status_transitions"], "paid_at": world.now(invoice)},
    }
    world.change(invoice, event="invoice.updated", **changes)
    world.emit("invoice.paid", invoice)
    world.emit("invoice.payment_succeeded", invoice)


def void(world: World, invoice: Json) -> Json:
    """Take an open invoice back."""
    if invoice["status"] not in {"open", "uncollectible"}:
        raise problems.StripeProblem("You can only pass in open or uncollectible invoices to be voided.")
    payments.cancel_intent(world, invoice)
    transitions = {**invoice["status_transitions"], "voided_at": world.now(invoice)}
    return world.change(
        invoice, event="invoice.voided", status="void", status_transitions=transitions, next_payment_attempt=None
    )
