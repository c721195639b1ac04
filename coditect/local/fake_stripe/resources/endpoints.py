"""Webhook endpoints: where events are delivered to, and the secrets that sign them."""

import secrets

from coditect.local.fake_stripe.shapes import api_version
from coditect.local.fake_stripe.store import Json
from coditect.local.fake_stripe.world import World, merge_metadata, new_id


def create(world: World, params: Json, *, secret: str | None = None) -> Json:
    """Register an endpoint. Its secret is answered this once."""
    secret = secret or f"whsec_{secrets.token_hex(16)}"
    endpoint = {
        "id": new_id("we"),
        "object": "webhook_endpoint",
        "api_version": params.get("api_version") or api_version(),
        "application": None,
        "created": world.now(),
        "description": params.get("description"),
        "enabled_events": params["enabled_events"],
        "livemode": False,
        "metadata": merge_metadata(None, params.get("metadata")),
        "status": "enabled",
        "url": params["url"],
        "_secrets": [secret],
    }
    return {**world.add(endpoint), "secret": secret}


def update(world: World, params: Json, id: str) -> Json:
    """Change an endpoint, or switch it off and on."""
    endpoint = world.find("webhook_endpoint", id)
    updates: Json = {name: params[name] for name in ("url", "enabled_events", "description") if name in params}
    if "disabled" in params:
        updates["status"] = "disabled" if params["disabled"] else "enabled"
    return world.change(endpoint, metadata=merge_metadata(endpoint["metadata"], params.get("metadata")), **updates)


def delete(world: World, _params: Json, id: str) -> Json:
    return world.remove(world.find("webhook_endpoint", id))
