"""The lines of invoices, and the invoice items that wait for one."""

from coditect.local.fake_stripe.resources.periods import day
from coditect.local.fake_stripe.store import Json
from coditect.local.fake_stripe.world import World, new_id


def product_name(world: World, price: Json) -> str:
    product = world.store.get(price["product"])
    return str(product["name"]) if product else price["product"]


def period_line(world: World, subscription: Json, item: Json, *, is_trial: bool = False) -> Json:
    """A whole period of a subscription item."""
    price, quantity = item["price"], item["quantity"]
    name = product_name(world, price)
    interval = price["recurring"]["interval"]
    text = (
        f"Trial period for {name}"
        if is_trial
        else f"{quantity} of {name} (at ${price['unit_amount'] / 100:.2f} / {interval})"
    )
    return _line(
        subscription,
        item,
        amount=0 if is_trial else price["unit_amount"] * quantity,
        description=text,
        period={"start": item["current_period_start"], "end": item["current_period_end"]},
    )


def _line(
    subscription: Json,
    item: Json,
    *,
    amount: int,
    description: str,
    period: Json,
    invoice_item: str | None = None,
) -> Json:
    details = {
        "invoice_item": invoice_item,
        "proration": invoice_item is not None,
        "proration_details": {"credited_items": None} if invoice_item else None,
        "subscription": subscription["id"],
        "subscription_item": item["id"],
    }
    return {
        "id": new_id("il"),
        "object": "line_item",
        "amount": amount,
        "currency": item["price"]["currency"],
        "description": description,
        "discount_amounts": [],
        "discountable": invoice_item is None,
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": subscription["metadata"],
        "parent": {
            "type": "subscription_item_details",
            "invoice_item_details": None,
            "subscription_item_details": details,
        },
        "period": period,
        "pretax_credit_amounts": [],
        "pricing": _pricing(item["price"]),
        "quantity": item["quantity"],
        "subscription": subscription["id"],
        "subtotal": amount,
        "taxes": [],
    }


def _pricing(price: Json) -> Json:
    return {
        "type": "price_details",
        "price_details": {"price": price["id"], "product": price["product"]},
        "unit_amount_decimal": price["unit_amount_decimal"],
    }


def prorate(world: World, subscription: Json, *, before: Json, after: Json | None, at: int) -> list[Json]:
    """Make the invoice items of a change within a period: unused time is credited, remaining time is charged.

    `after` is None where only the credit is wanted, because a new period begins.
    """
    start, end = before["current_period_start"], before["current_period_end"]
    share = (end - at) / (end - start)
    credit = -round(before["price"]["unit_amount"] * before["quantity"] * share)
    made = [_invoice_item(world, subscription, before, amount=credit, words="Unused time on", at=at, end=end)]
    if after is not None:
        charge = round(after["price"]["unit_amount"] * after["quantity"] * share)
        made.append(_invoice_item(world, subscription, after, amount=charge, words="Remaining time on", at=at, end=end))
    return made


def _invoice_item(world: World, subscription: Json, item: Json, *, amount: int, words: str, at: int, end: int) -> Json:
    name = product_name(world, item["price"])
    invoice_item = {
        "id": new_id("ii"),
        "object": "invoiceitem",
        "amount": amount,
        "currency": item["price"]["currency"],
        "customer": subscription["customer"],
        "customer_account": None,
        "date": world.now(subscription),
        "description": f"{words} {item['quantity']} of {name} after {day(at)}",
        "discountable": False,
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": subscription["metadata"],
        "net_amount": amount,
        "parent": {
            "type": "subscription_details",
            "subscription_details": {"subscription": subscription["id"], "subscription_item": item["id"]},
        },
        "period": {"start": at, "end": end},
        "pricing": _pricing(item["price"]),
        "proration": True,
        "proration_details": {"discount_amounts": []},
        "quantity": item["quantity"],
        "quantity_decimal": str(item["quantity"]),
        "tax_rates": [],
        "test_clock": subscription["test_clock"],
        "_item": item,
    }
    return world.add(invoice_item, event="invoiceitem.created")


def take_pending(world: World, subscription: Json, *, invoice_id: str) -> list[Json]:
    """Turn the invoice items that wait for the subscription's next invoice into lines of it."""
    found = []
    for waiting in world.store.select("invoiceitem", customer=subscription["customer"], invoice=None):
        if waiting["parent"]["subscription_details"]["subscription"] == subscription["id"]:
            world.change(waiting, invoice=invoice_id)
            line = _line(
                subscription,
                waiting["_item"],
                amount=waiting["amount"],
                description=waiting["description"],
                period=waiting["period"],
                invoice_item=waiting["id"],
            )
            found.append(line)
    return found
