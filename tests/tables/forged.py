"""Forged access tokens, each made from a good one, without our key or against what it may be used for."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from tests.accounts.forgery import change_claims, claims_in

STRANGER = "a-secret-of-somebody-else-that-is-long-enough-for-every-hmac-there-is-0123456789"
MEBIBYTE = 1024 * 1024
Forge = Callable[[str], str]


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    """The attacker's key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    """Another one."""
    return ec.generate_private_key(ec.SECP256R1())


def encoded(value: Any) -> str:
    """A part of a token."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def with_header(token: str, **header: Any) -> str:
    """Another header over the same claims and the same signature."""
    _, claims, signature = token.split(".")
    return f"{encoded({'alg': 'HS256', 'typ': 'JWT'} | header)}.{claims}.{signature}"


def unsigned(token: str, algorithm: str) -> str:
    """No signature, and a header that says so."""
    return f"{encoded({'alg': algorithm, 'typ': 'JWT'})}.{token.split('.')[1]}."


def with_claims(token: str, raw: bytes) -> str:
    """Other claims under the old signature."""
    header, _, signature = token.split(".")
    return f"{header}.{encoded(raw)}.{signature}"


def signed(token: str, key: Any, algorithm: str, **header: Any) -> str:
    """The same claims under a signature of the attacker's."""
    return jwt.encode(claims_in(token), key, algorithm=algorithm, headers=header)


def ours(token: str, **header: Any) -> str:
    """The same claims under our key, and a header that asks for more."""
    return signed(token, settings.SECRET_KEY, "HS256", **header)


def public_key_as_secret(token: str) -> str:
    """HS256 with a public key for its secret: what a server falls for that lets the token choose the algorithm."""
    public = rsa_key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hmac_signed(claims_in(token), public)


def own_key_inside(token: str) -> str:
    """Signed by the key that it brings along."""
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key().public_key()))
    return signed(token, rsa_key(), "RS256", jwk=jwk)


def flipped(token: str) -> str:
    """One bit of the signature changed."""
    header, claims, signature = token.split(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    return f"{header}.{claims}.{encoded(bytes([raw[0] ^ 1]) + raw[1:])}"


def duplicate_claim(token: str) -> str:
    """Another user's id behind one's own."""
    raw = json.dumps(claims_in(token))
    return with_claims(token, f'{raw[:-1]}, "sub": "6f9619ff-8b86-8011-b42d-00cf4fc964ff"}}'.encode())


NOT_OURS: dict[str, Forge] = {
    **{f"alg-{name}": partial(unsigned, algorithm=name) for name in ("none", "None", "NONE", "nOnE", "")},
    "alg-none-signature-kept": lambda token: with_header(token, alg="none"),
    "alg-missing": lambda token: f"{encoded({'typ': 'JWT'})}.{token.split('.', 1)[1]}",
    "alg-null": lambda token: with_header(token, alg=None),
    "alg-list": lambda token: with_header(token, alg=["HS256"]),
    "hs256-stranger": lambda token: signed(token, STRANGER, "HS256"),
    "hs384-stranger": lambda token: signed(token, STRANGER, "HS384"),
    "hs384-ours": lambda token: signed(token, settings.SECRET_KEY, "HS384"),
    "hs512-ours": lambda token: signed(token, settings.SECRET_KEY, "HS512"),
    "hs256-empty-key": lambda token: f"{encoded({'alg': 'HS256', 'kid': '/dev/null'})}.{token.split('.')[1]}.AAAA",
    "rs256": lambda token: signed(token, rsa_key(), "RS256"),
    "ps256": lambda token: signed(token, rsa_key(), "PS256"),
    "es256": lambda token: signed(token, ec_key(), "ES256"),
    "hs-rs-confusion": public_key_as_secret,
    "rs-header-kept-signature": lambda token: with_header(token, alg="RS256"),
    "jwk": own_key_inside,
    "jku": lambda token: signed(token, rsa_key(), "RS256", jku="https://evil.example/jwks.json"),
    "x5u": lambda token: signed(token, rsa_key(), "RS256", x5u="https://evil.example/x.pem"),
    "kid-path": lambda token: signed(token, STRANGER, "HS256", kid="../../../../dev/null"),
    "kid-sql": lambda token: signed(token, STRANGER, "HS256", kid="x' UNION SELECT 'a"),
    "kid-url": lambda token: signed(token, STRANGER, "HS256", kid="https://evil.example/key"),
    "crit": lambda token: ours(token, crit=["exp2"], exp2=1),
    "crit-b64": lambda token: with_header(token, crit=["b64"], b64=False),
    "header-changed": lambda token: with_header(token, kid="a"),
    "claims-changed": lambda token: with_claims(token, json.dumps(claims_in(token) | {"exp": 2**40}).encode()),
    "duplicate-claim": duplicate_claim,
    "signature-flipped": flipped,
    "signature-empty": lambda token: token.rpartition(".")[0] + ".",
    "signature-missing": lambda token: token.rpartition(".")[0],
    "signature-cut": lambda token: token[:-8],
    "signature-longer": lambda token: token + "AAAA",
    "signature-of-another": lambda token: token.rpartition(".")[0] + "." + encoded(b"x" * 32),
    "cut-in-half": lambda token: token[: len(token) // 2],
    "padded": lambda token: token + "==",
    "four-parts": lambda token: token + ".AAAA",
    "five-parts-jwe": lambda token: f"{token}.AAAA.AAAA",
    "json-form": lambda token: encoded({"payload": token.split(".")[1], "signature": "", "protected": ""}),
    "unicode": lambda token: "\u00e9" + token[1:],
    "null-byte": lambda token: token + "\x00",
    "reversed": lambda token: token[::-1],
    "claims-list": lambda token: with_claims(token, b"[]"),
    "claims-not-json": lambda token: with_claims(token, b"\xff\xfe"),
    "claims-nested": lambda token: with_claims(token, b"[" * 50_000 + b"]" * 50_000),
    "one-megabyte": lambda token: with_claims(token, b'{"a": "' + b"x" * MEBIBYTE + b'"}'),
    "refresh-as-access": lambda token: change_claims(token, token_type="refresh"),
    "no-type": lambda token: change_claims(token, without="token_type"),
    "type-list": lambda token: change_claims(token, token_type=["access"]),
    "no-expiry": lambda token: change_claims(token, without="exp"),
    "expiry-text": lambda token: change_claims(token, exp="tomorrow"),
    "not-yet": lambda token: change_claims(token, nbf=int(time.time()) + 3600),
    "issued-tomorrow": lambda token: change_claims(token, iat=int(time.time()) + 86_400),
    "subject-list": lambda token: hmac_signed(claims_in(token) | {"sub": ["a"]}, settings.SECRET_KEY.encode()),
}  # fmt: skip
EXPIRED: dict[str, Forge] = {
    "expired": lambda token: change_claims(token, exp=int(time.time()) - 1),
    "expired-long-ago": lambda token: change_claims(token, exp=1),
}
FORGED = {**NOT_OURS, **EXPIRED}


def hmac_signed(claims: dict[str, Any], key: bytes) -> str:
    """Claims and a key that the library would refuse to sign, or to sign with."""
    content = f"{encoded({'alg': 'HS256', 'typ': 'JWT'})}.{encoded(claims)}"
    return f"{content}.{encoded(hmac.digest(key, content.encode(), 'sha256'))}"
