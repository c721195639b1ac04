"""Customers."""

from coditect.local.fake_stripe import problems
from coditect.local.fake_stripe.resources import subscriptions
from coditect.local.fake_stripe.store import Json
from coditect.local.fake_stripe.world import World, merge_metadata, new_id

_PLAIN = ("description", "email", "name", "phone", "address")


def create(world: World, params: Json) -> Json:
    """Make a customer, on a test clock if one is named."""
    clock = params.get("test_clock")
    if clock is not None:
        world.find("test_helpers.test_clock", clock, param="test_clock")
    customer: Json = {
        "id": new_id("cus"),
        "object": "customer",
        "address": None,
        "balance": params.get("balance", 0),
        "created": 0,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": new_id("")[1:9].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": merge_metadata(None, params.get("metadata")),
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": clock,
    }
    customer["created"] = world.now(customer)
    customer |= {name: params[name] or None for name in _PLAIN if name in params}
    return world.add(customer, event="customer.created")


def update(world: World, params: Json, id: str) -> Json:
    """Change a customer; also which card pays its invoices."""
    customer = world.find("customer", id)
    changes: Json = {name: params[name] or None for name in _PLAIN if name in params}
    if "balance" in params:
        changes["balance"] = params["balance"]
    if "invoice_settings" in params:
        changes["invoice_settings"] = _invoice_settings(world, customer, params["invoice_settings"])
    changes["metadata"] = merge_metadata(customer["metadata"], params.get("metadata"))
    return world.change(customer, event="customer.updated", **changes)


def _invoice_settings(world: World, customer: Json, given: Json) -> Json:
    if set(given) - {"default_payment_method"}:
        raise problems.not_supported("these invoice settings", param="invoice_settings")
    card = given["default_payment_method"] or None
    if card is not None:
        found = world.find("payment_method", card, param="invoice_settings[default_payment_method]")
        if found["customer"] != customer["id"]:
            raise problems.StripeProblem(
                f"The customer does not have a payment method with the ID {card}. The payment method must be attached "
                "to the customer.",
                code="resource_missing",
                param="invoice_settings[default_payment_method]",
            )
    return {**customer["invoice_settings"], "default_payment_method": card}


def delete(world: World, _params: Json, id: str) -> Json:
    """Delete a customer and end what it subscribes to, at once."""
    customer = world.find("customer", id)
    for subscription in world.store.select("subscription", customer=id):
        if subscription["status"] not in subscriptions.ENDED:
            subscriptions.end(world, subscription)
    world.store.set(_deleted(id), True)
    return world.remove(customer, event="customer.deleted")


def was_deleted(world: World, id: str) -> bool:
    """Whether there was such a customer: its history can be read for ever."""
    return bool(world.store.setting(_deleted(id)))


def _deleted(id: str) -> str:
    return f"deleted {id}"
