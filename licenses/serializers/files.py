"""Shapes of signing keys."""

from collections.abc import Iterable
from typing import Any

from licenses.models import SigningKey
from licenses.signing import ALGORITHM, public_jwk


def present_keys(keys: Iterable[SigningKey]) -> dict[str, Any]:
    """Public keys as a JWK set (RFC 7517, section 5)."""
    return {"keys": [public_jwk(key.public_key) | {"kid": key.kid, "alg": ALGORITHM, "use": "sig"} for key in keys]}
