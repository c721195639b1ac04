"""Signing keys: made once, kept for a while, changed without a gap."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from licenses import signing
from licenses.models import SigningKey

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
RECEIPT = "coditect-receipt+jwt"


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    signing.kept.forget()
    yield
    signing.kept.forget()


def decode(text: str) -> bytes:
    """Base64url without its padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def verified(header: str, payload: str, signature: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and payload of what a published key signed."""
    read = json.loads(decode(header))
    key = SigningKey.objects.get(kid=read["kid"])
    Ed25519PublicKey.from_public_bytes(decode(key.public_key)).verify(decode(signature), f"{header}.{payload}".encode())
    return read, json.loads(decode(payload))


@pytest.mark.django_db
class TestSignature:
    def test_is_compact(self) -> None:
        text = signing.sign_compact({"valid": True, "checked_at": NOW}, typ=RECEIPT, now=NOW)
        header, payload = verified(*text.split("."))
        assert header == {"alg": "EdDSA", "kid": SigningKey.objects.get().kid, "typ": RECEIPT}
        assert payload == {"valid": True, "checked_at": "2026-11-22T09:00:00Z"}

    def test_is_flattened(self) -> None:
        parts = json.loads(signing.sign_flattened({"tier": "größer"}, now=NOW))
        assert set(parts) == {"protected", "payload", "signature"}
        header, payload = verified(parts["protected"], parts["payload"], parts["signature"])
        assert (header["typ"], payload) == (signing.LICENSE_FILE, {"tier": "größer"})
