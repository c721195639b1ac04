"""Tokens as an attacker, a bug or time would make them."""

from typing import Any, cast

import jwt
from django.conf import settings


def claims_in(token: str) -> dict[str, Any]:
    """What a token says, unverified."""
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def change_claims(token: str, *, without: str = "", **changes: Any) -> str:
    """The token with other claims, well signed."""
    claims = claims_in(token) | changes
    claims.pop(without, None)
    return jwt.encode(claims, settings.SECRET_KEY, algorithm="HS256")


def sign_with(token: str, *, key: str | None, algorithm: str) -> str:
    """The same claims, signed with another key or algorithm."""
    return jwt.encode(claims_in(token), cast("str", key), algorithm=algorithm)
