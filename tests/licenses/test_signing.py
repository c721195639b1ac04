"""Signing: the key is made once, kept for a while, and never lies open."""

import base64
import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.management import call_command
from django.db import OperationalError, connection, connections, transaction
from pytest_django import DjangoAssertNumQueries, Settings

from coditect.encryption import CannotDecrypt, decrypt
from coditect.journal.models import Event
from licenses import signing
from licenses.models import SigningKey
from licenses.services.signing_keys import rotate_signing_key

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
RECEIPT = "coditect-receipt+jwt"
PROCESSES = 8


def decode(text: str) -> bytes:
    """Base64url without its padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def sign() -> str:
    """Any signature."""
    return signing.sign_compact({"valid": True}, typ=RECEIPT, now=NOW)


def kid_of(text: str) -> str:
    """Which key signed."""
    kid: str = json.loads(decode(text.split(".", maxsplit=1)[0]))["kid"]
    return kid


def verified(header: str, payload: str, signature: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and payload of what a key of ours signed."""
    read = json.loads(decode(header))
    key = SigningKey.objects.get(kid=read["kid"])
    public_key = Ed25519PublicKey.from_public_bytes(decode(key.public_key))
    public_key.verify(decode(signature), f"{header}.{payload}".encode())
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

    def test_names_its_key_by_the_thumbprint(self) -> None:
        # RFC 8037, appendix A.3.
        thumbprint = signing.thumbprint("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
        assert thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@pytest.mark.django_db
class TestKey:
    def test_is_made_when_it_is_first_needed(self) -> None:
        assert not SigningKey.objects.exists()
        kid = kid_of(sign())
        assert kid_of(sign()) == kid == SigningKey.objects.get().kid
        event = Event.objects.get(type="signing_key.installed")
        assert (event.organization_id, event.data) == (None, {"kid": kid, "instead_of": None})

    def test_is_encrypted_for_its_own_row(self) -> None:
        sign()
        key = SigningKey.objects.get()
        seed = decrypt(key.private_key, context=key.context)
        assert len(decode(seed)) == 32
        assert seed not in key.private_key
        with pytest.raises(CannotDecrypt):
            decrypt(key.private_key, context="signing_key:another")

    def test_is_sealed_anew_with_the_other_secrets(self, settings: Settings) -> None:
        settings.ENCRYPTION_KEYS = {"k1": b"1" * 32}
        kid = kid_of(sign())
        settings.ENCRYPTION_KEYS = {"k2": b"2" * 32, "k1": b"1" * 32}
        call_command("rotate_encryption", stdout=io.StringIO())
        settings.ENCRYPTION_KEYS = {"k2": b"2" * 32}
        assert SigningKey.objects.get().private_key.startswith("k2:")
        assert kid_of(sign()) == kid

    def test_does_not_stay_when_it_signs_no_more(self) -> None:
        sign()
        rotate_signing_key(now=NOW)
        assert [bool(key.private_key) for key in SigningKey.objects.order_by("retired_at")] == [False, True]


@pytest.mark.django_db(transaction=True)
class TestProcess:
    def test_asks_for_its_key_once(self, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        kid = kid_of(sign())
        with django_assert_num_queries(0):
            assert {kid_of(sign()) for _ in range(10)} == {kid}

    def test_notices_a_rotation(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(signing, "KEEP_SECONDS", 0)
        old = kid_of(sign())
        new = rotate_signing_key(now=NOW).kid
        assert new != old
        assert kid_of(sign()) == new

    def test_does_not_keep_a_key_that_never_was(self) -> None:
        with transaction.atomic():
            sign()
            transaction.set_rollback(True)
        assert not SigningKey.objects.exists()
        assert kid_of(sign()) == SigningKey.objects.get().kid

    def test_goes_on_with_its_key_while_postgres_is_away(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(signing, "KEEP_SECONDS", 0)
        kid = kid_of(sign())
        with Locked():
            assert kid_of(sign()) == kid
            with transaction.atomic():
                assert kid_of(sign()) == kid
                assert Event.objects.exists()
            signing.kept.forget()
            with pytest.raises(OperationalError):
                sign()

    def test_makes_no_second_key_beside_another_process(self) -> None:
        barrier = Barrier(PROCESSES)

        def first_need(_: int) -> str:
            try:
                barrier.wait()
                return signing.current_signer(now=NOW).kid
            finally:
                connections.close_all()

        with ThreadPoolExecutor(PROCESSES) as pool:
            kids = set(pool.map(first_need, range(PROCESSES)))
        assert kids == {SigningKey.objects.get().kid}


class Locked:
    """PostgreSQL gives out no signing key: somebody else has locked the table."""

    def __enter__(self) -> None:
        parameters = connection.get_connection_params()
        names = ("host", "port", "user", "password", "dbname")
        self.other = psycopg.connect(**{name: parameters[name] for name in names if parameters.get(name)})
        self.other.execute(f"LOCK TABLE {SigningKey._meta.db_table} IN ACCESS EXCLUSIVE MODE")
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '10ms'")

    def __exit__(self, *_: object) -> None:
        self.other.close()
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '1s'")
