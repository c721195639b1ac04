"""Events as Stripe sends them, and their signatures."""

import hashlib
import hmac
import json
import time
from typing import Any

SECRET, OTHER_SECRET = "whsec_ours", "whsec_rolled"


def body_of(type: str | None = "customer.subscription.updated", **more: Any) -> bytes:  # noqa: A002 (Stripe's name for it)
    """An event's body."""
    about = {"id": "sub_1", "object": "subscription", "customer": "cus_1", "status": "active"}
    event = {"id": "evt_1", "object": "event", "type": type, "created": 1767225600, "data": {"object": about}}
    return json.dumps(event | more, indent=2).encode()


def signature(body: bytes, *, secret: str = SECRET, at: int | None = None, scheme: str = "v1") -> str:
    """The header of a body that is signed now, or some seconds from now."""
    timestamp = int(time.time()) + (at or 0)
    digest = hmac.new(secret.encode(), b"%d." % timestamp + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},{scheme}={digest}"
