"""Who may use the fake Stripe: development only, and nobody with a key that could move real money."""

import base64
import binascii
import os
from collections.abc import Mapping

from coditect.local.fake_stripe.problems import StripeProblem
from coditect.local.fake_stripe.shapes import api_version

_TEST_KEYS = ("sk_test_", "rk_test_")


class ForbiddenHere(RuntimeError):
    """The fake Stripe was started where only the real one may be."""


def check(key: str) -> None:
    """Raise ForbiddenHere for a live key, or outside development."""
    environment = os.environ.get("CODITECT_ENV") or "development"
    if environment != "development":
        raise ForbiddenHere(f"CODITECT_ENV is {environment}, but the fake Stripe is for development only.")
    if not key.startswith(_TEST_KEYS):
        raise ForbiddenHere("The fake Stripe takes test keys only: sk_test_…")


def authenticate(headers: Mapping[str, str], *, key: str) -> None:
    """Raise StripeProblem unless the request has our key and the one API version that is spoken here."""
    given = _key_of(headers.get("authorization", ""))
    if not given:
        raise StripeProblem(
            "You did not provide an API key. You need to provide your API key in the Authorization header, using "
            "Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
            status=401,
        )
    if given.startswith(("sk_live_", "rk_live_")):
        raise StripeProblem("This is the fake Stripe of a developer's machine: never send it a live key.", status=401)
    if given != key:
        raise StripeProblem(f"Invalid API Key provided: {_masked(given)}", status=401)
    version = headers.get("stripe-version", api_version())
    if version != api_version():
        raise StripeProblem(f"Invalid Stripe API version: {version}. The fake Stripe speaks {api_version()} only.")


def _key_of(header: str) -> str:
    scheme, _, value = header.partition(" ")
    if scheme == "Bearer":
        return value.strip()
    if scheme == "Basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def _masked(key: str) -> str:
    return key[:8] + "*" * max(len(key) - 12, 4) + key[-4:]
