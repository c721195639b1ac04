"""Products and their prices, monthly or yearly."""

from typing import Any

from coditect.local.fake_stripe import problems
from coditect.local.fake_stripe.store import Json
from coditect.local.fake_stripe.world import World, merge_metadata, new_id


def create_product(world: World, params: Json) -> Json:
    """Make a product."""
    id = params.get("id") or new_id("prod")
    if world.store.get(id):
        raise problems.StripeProblem("Product already exists.", code="resource_already_exists", param="id")
    now = world.now()
    product = {
        "id": id,
        "object": "product",
        "active": params.get("active", True),
        "created": now,
        "default_price": None,
        "description": params.get("description"),
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": merge_metadata(None, params.get("metadata")),
        "name": params["name"],
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "type": "service",
        "unit_label": params.get("unit_label"),
        "updated": now,
        "url": None,
    }
    return world.add(product, event="product.created")


def update_product(world: World, params: Json, id: str) -> Json:
    """Change a product's name, description or metadata."""
    product = world.find("product", id)
    changes: dict[str, Any] = {name: value for name, value in params.items() if name != "metadata"}
    changes["metadata"] = merge_metadata(product["metadata"], params.get("metadata"))
    return world.change(product, event="product.updated", updated=world.now(), **changes)


def create_price(world: World, params: Json, *, id: str | None = None) -> Json:
    """Make a recurring price of a product. (Stripe lets nobody choose its id; the seed has to.)"""
    product = params.get("product")
    if product is None:
        raise problems.missing_parameter("product")
    world.find("product", product, param="product")
    amount = _amount(params)
    price = {
        "id": id or new_id("price"),
        "object": "price",
        "active": params.get("active", True),
        "billing_scheme": "per_unit",
        "created": world.now(),
        "currency": params["currency"].lower(),
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": params.get("lookup_key"),
        "metadata": merge_metadata(None, params.get("metadata")),
        "nickname": params.get("nickname"),
        "product": product,
        "recurring": _recurring(params),
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring",
        "unit_amount": amount,
        "unit_amount_decimal": str(amount),
    }
    return world.add(price, event="price.created")


def _amount(params: Json) -> int:
    if "unit_amount" not in params:
        raise problems.missing_parameter("unit_amount")
    return int(params["unit_amount"])


def _recurring(params: Json) -> Json:
    if "recurring" not in params:
        raise problems.not_supported("one-time prices", param="recurring")
    given = params["recurring"]
    return {
        "interval": given["interval"],
        "interval_count": given.get("interval_count", 1),
        "meter": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }


def update_price(world: World, params: Json, id: str) -> Json:
    """Change what may change of a price: never its amount."""
    price = world.find("price", id)
    changes: dict[str, Any] = {name: value for name, value in params.items() if name != "metadata"}
    changes["metadata"] = merge_metadata(price["metadata"], params.get("metadata"))
    return world.change(price, event="price.updated", **changes)


def plan_of(price: Json) -> Json:
    """The price in the older form that subscription items still carry."""
    return {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": "per_unit",
        "created": price["created"],
        "currency": price["currency"],
        "interval": price["recurring"]["interval"],
        "interval_count": price["recurring"]["interval_count"],
        "livemode": False,
        "metadata": price["metadata"],
        "meter": None,
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": None,
        "transform_usage": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }


def usable_price(world: World, id: str, *, param: str) -> Json:
    """Return a price that can be sold. Raises StripeProblem for an unknown or inactive one."""
    price = world.find("price", id, param=param)
    if not price["active"]:
        raise problems.StripeProblem(
            f"The price specified is inactive. This field only accepts active prices. ({id})", param=param
        )
    return price
