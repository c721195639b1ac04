"""Billing portal sessions; their page is in pages/portal.py."""

from coditect.local.fake_stripe import problems
from coditect.local.fake_stripe.store import Json
from coditect.local.fake_stripe.world import World, new_id


def create(world: World, params: Json) -> Json:
    """Open the portal for a customer."""
    if "customer" not in params:
        raise problems.missing_parameter("customer")
    world.find("customer", params["customer"], param="customer")
    id = new_id("bps")
    session = {
        "id": id,
        "object": "billing_portal.session",
        "configuration": "bpc_fake",
        "created": world.now(),
        "customer": params["customer"],
        "customer_account": None,
        "flow": None,
        "livemode": False,
        "locale": params.get("locale"),
        "on_behalf_of": None,
        "return_url": params.get("return_url"),
        "url": f"{world.url}/p/session/{id}",
    }
    return world.add(session)
