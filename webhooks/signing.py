"""Signs what is sent to customers: Standard Webhooks, and the header `t=…,v1=…` that Stripe made known.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac
import secrets as randomness
from collections.abc import Sequence
from datetime import datetime

PREFIX = "whsec_"
SECRET_BYTES = 32


def make_secret() -> str:
    """A new secret: `whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(randomness.token_bytes(SECRET_BYTES)).decode()


def headers_for(body: bytes, *, message_id: str, secrets: Sequence[str], now: datetime) -> dict[str, str]:
    """The headers that prove a body to be ours: a signature by each secret, the newest first.

    The id stays the same at each try of a message; the time is that of this try.
    """
    timestamp = str(int(now.timestamp()))
    signatures = [_sign(_key(secret), f"{message_id}.{timestamp}.".encode() + body) for secret in secrets]
    ours = [_sign(secret.encode(), f"{timestamp}.".encode() + body) for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{base64.b64encode(signature).decode()}" for signature in signatures),
        "X-Coditect-Signature": ",".join([f"t={timestamp}", *(f"v1={signature.hex()}" for signature in ours)]),
    }


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)


def _sign(key: bytes, signed: bytes) -> bytes:
    return hmac.new(key, signed, hashlib.sha256).digest()
