"""Stripe's signature: `t=<seconds>,v1=<HMAC-SHA256 of "t.body" in hexadecimal>`, one v1 for each secret in force.

https://docs.stripe.com/webhooks#verify-manually. Stripe's own package takes the first of two times and one in the
future; here neither counts.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime

from coditect.errors import Rejected

TOLERANCE_SECONDS = 300
LONGEST_HEADER = 1000
SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)


class SignatureInvalid(Rejected):
    """Not signed, by a secret that is not ours, too long ago, or altered on its way; the caller is not told which."""

    code = "signature_invalid"
    message = "The signature is missing, or does not fit the body."


def verify_signature(body: bytes, *, header: str, secrets: Sequence[str], now: datetime) -> None:
    """Check the header against the body as it came. Raises SignatureInvalid."""
    timestamp, signatures = _read(header)
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE_SECONDS:
        raise SignatureInvalid
    signed = f"{timestamp}.".encode() + body
    expected = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode() for secret in secrets]
    if not any(hmac.compare_digest(ours, theirs) for ours in expected for theirs in signatures):
        raise SignatureInvalid


def _read(header: str) -> tuple[str, list[bytes]]:
    """The one time, and every signature of the scheme v1; others are none of ours, v0 is for Stripe's own tests."""
    if len(header) > LONGEST_HEADER:
        raise SignatureInvalid
    pairs = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    signatures = [value.encode("utf-8", "replace") for name, _, value in pairs if name == "v1"]
    if len(times) != 1 or not SECONDS.fullmatch(times[0]) or not signatures:
        raise SignatureInvalid
    return times[0], signatures
