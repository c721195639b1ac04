"""Signatures that customers verify without asking us: Ed25519 (RFC 8032) in a JWS (RFC 7515, RFC 8037).

The key is made when it is first needed, or comes from LICENSE_SIGNING_KEY. A process keeps it for some seconds: signing
asks PostgreSQL seldom and Redis never, and a rotation is noticed all the same.
"""

import base64
import hashlib
import json
import math
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction

from coditect.api.encoding import to_json
from coditect.encryption import decrypt, encrypt
from coditect.errors import Unavailable
from coditect.journal.services import record_event
from licenses.models import SigningKey

ALGORITHM = "EdDSA"
# What each signature is for, so that none passes for another (RFC 8725, section 3.11).
LICENSE_FILE = "coditect-license+json"
KEEP_SECONDS = 5
# Any number that no other advisory lock has.
LOCK = 0x5167_4B65


class SigningKeyWithdrawn(Unavailable):
    """LICENSE_SIGNING_KEY holds a key that was withdrawn: what it signed would not be believed."""

    message = "Signing is out of order. Nothing was changed; try again later."


@dataclass(frozen=True)
class Signer:
    """A key, ready to sign."""

    kid: str
    private_key: Ed25519PrivateKey

    def sign(self, payload: dict[str, Any], *, typ: str) -> tuple[str, str, str]:
        """The three parts of a JWS: protected header, payload, signature; each in base64url."""
        header = encode(to_json({"alg": ALGORITHM, "kid": self.kid, "typ": typ}).encode())
        body = encode(to_json(payload).encode())
        return header, body, encode(self.private_key.sign(f"{header}.{body}".encode()))


def sign_compact(payload: dict[str, Any], *, typ: str, now: datetime) -> str:
    """Sign plain data in one line (RFC 7515, section 7.1); `typ` says what the signature is for."""
    return ".".join(kept.signer(now=now).sign(payload, typ=typ))


def sign_flattened(payload: dict[str, Any], *, now: datetime) -> bytes:
    """Sign a license file (RFC 7515, section 7.2.2)."""
    header, body, signature = kept.signer(now=now).sign(payload, typ=LICENSE_FILE)
    return to_json({"payload": body, "protected": header, "signature": signature}).encode()


def encode(raw: bytes) -> str:
    """Base64url without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def public_jwk(public_key: str) -> dict[str, str]:
    """The members of a public key that its thumbprint is taken of (RFC 8037, section 2)."""
    return {"crv": "Ed25519", "kty": "OKP", "x": public_key}


def thumbprint(public_key: str) -> str:
    """A key's id, which follows from the key (RFC 7638)."""
    text = json.dumps(public_jwk(public_key), sort_keys=True, separators=(",", ":"))
    return encode(hashlib.sha256(text.encode()).digest())


class KeptSigner:
    """The signer of this process."""

    def __init__(self) -> None:
        self._signer: Signer | None = None
        self._until = 0.0

    def signer(self, *, now: datetime) -> Signer:
        """The signer, read again when it was kept for long enough; while PostgreSQL is away, the one that there is."""
        if self._signer is not None and time.monotonic() < self._until:
            return self._signer
        try:
            # Of its own, so that a failure does not undo what the caller is about.
            with transaction.atomic():
                signer = current_signer(now=now)
        except (OperationalError, InterfaceError):
            if self._signer is None:
                raise
            self.keep(self._signer)
            return self._signer
        # A key made in a transaction that fails in the end never was.
        transaction.on_commit(lambda: self.keep(signer))
        return signer

    def keep(self, signer: Signer) -> None:
        """Use it for some seconds; the environment's for good, since that changes with the process alone."""
        seconds = KEEP_SECONDS if settings.LICENSE_SIGNING_KEY is None else math.inf
        self._signer, self._until = signer, time.monotonic() + seconds

    def forget(self) -> None:
        """Read it again when it is next needed."""
        self._signer = None


kept = KeptSigner()


def current_signer(*, now: datetime) -> Signer:
    """The key of the environment, else the database's, which is made where there is none."""
    given: Ed25519PrivateKey | None = settings.LICENSE_SIGNING_KEY
    if given is not None:
        return _signer_of_environment(given, now=now)
    key = SigningKey.objects.signing().first()
    if key is None or not key.private_key:
        key = install_new_key(now=now, unless_there_is_one=True)
    return _open(key)


@transaction.atomic
def install_new_key(*, now: datetime, unless_there_is_one: bool = False) -> SigningKey:
    """Make a key that signs from now on; of two processes that miss one at once, the first makes it."""
    current = _lock_current()
    if unless_there_is_one and current is not None and current.private_key:
        return current
    private_key = Ed25519PrivateKey.generate()
    key = _row(private_key, now=now)
    key.private_key = encrypt(encode(private_key.private_bytes_raw()), context=key.context)
    return _install(key, instead_of=current, now=now)


def _signer_of_environment(private_key: Ed25519PrivateKey, *, now: datetime) -> Signer:
    """Its public part is kept like the others', so that it stays published when another one takes its place."""
    kid = _row(private_key, now=now).kid
    if not SigningKey.objects.signing().filter(kid=kid).exists():
        _install_given(private_key, now=now)
    return Signer(kid, private_key)


@transaction.atomic
def _install_given(private_key: Ed25519PrivateKey, *, now: datetime) -> None:
    current, row = _lock_current(), _row(private_key, now=now)
    known = SigningKey.objects.filter(kid=row.kid).first()
    if known is not None and known.withdrawn_at is not None:
        raise SigningKeyWithdrawn
    if current is None or current.kid != row.kid:
        _install(known or row, instead_of=current, now=now)


def _install(key: SigningKey, *, instead_of: SigningKey | None, now: datetime) -> SigningKey:
    """Retire one key and put another in its place; a private part that signs no more is not kept."""
    if instead_of is not None:
        instead_of.retired_at, instead_of.private_key = now, ""
        instead_of.save(update_fields=["retired_at", "private_key"])
    key.retired_at = None
    key.save()
    record_event(
        "signing_key.installed",
        key,
        at=now,
        organization_id=None,
        data={"kid": key.kid, "instead_of": instead_of and instead_of.kid},
    )
    return key


def _lock_current() -> SigningKey | None:
    """The key that signs, while nobody else can change which one that is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    return SigningKey.objects.signing().first()


def _row(private_key: Ed25519PrivateKey, *, now: datetime) -> SigningKey:
    public_key = encode(private_key.public_key().public_bytes_raw())
    return SigningKey(kid=thumbprint(public_key), public_key=public_key, created_at=now)


def _open(key: SigningKey) -> Signer:
    seed = decrypt(key.private_key, context=key.context)
    return Signer(key.kid, Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(f"{seed}=")))
