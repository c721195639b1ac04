"""License files that are good, and many that are not: what a verifier has to tell apart."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from coditect.api.encoding import to_json
from licenses import signing
from licenses.models import License
from licenses.serializers.files import present_keys
from licenses.services.license_files import sign_license_file
from licenses.services.signing_keys import published_keys, rotate_signing_key, withdraw_signing_key
from tests.factories import Person, make_license
from tests.verifiers import Question

ISSUED = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
NOW = ISSUED + timedelta(days=1)
EVIL = "https://evil.example/jwks.json"
Parts = dict[str, Any]


def decode(text: str) -> bytes:
    """Base64url without its padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encode_json(value: Any) -> str:
    """JSON in base64url."""
    return signing.encode(to_json(value).encode())


def other_value(value: Any) -> Any:
    """The same kind of value, but more of it."""
    if isinstance(value, int):
        return value + 1
    if isinstance(value, list):
        return [*value, "everything"]
    return f"{value}0"


@dataclass
class Forger:
    """Has good files of one license, the published keys, and a key of their own."""

    owner: Person
    license: License
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    def __post_init__(self) -> None:
        self.old_file = self.download(self.license)
        old = signing.current_signer(now=ISSUED)
        rotate_signing_key(now=ISSUED)
        self.keys = self.published()
        self.file = self.download(self.license)
        self.jwk = signing.public_jwk(signing.encode(self.key.public_key().public_bytes_raw()))
        self.kid = signing.thumbprint(self.jwk["x"])
        self.old_kid = old.kid

    def download(self, license: License, *, at: datetime = ISSUED) -> Parts:
        """A file as the server makes it."""
        file = sign_license_file(membership=self.owner.membership, license_id=license.pk, now=at)
        parts: Parts = json.loads(file)
        return parts

    @staticmethod
    def published() -> str:
        """jwks.json."""
        return to_json(present_keys(published_keys(now=ISSUED)))

    def ask(self, file: Any, **changes: str) -> Question:
        """A question about a file, by default a good one about everything else."""
        text = file if isinstance(file, str) else json.dumps(file)
        question = Question(file=text, keys=self.keys, license_id=str(self.license.pk), now=NOW.isoformat())
        return replace(question, **changes)

    def good(self) -> Iterator[tuple[str, Question]]:
        """What must be believed."""
        end = ISSUED + timedelta(days=7)
        yield "a fresh file", self.ask(self.file, now=ISSUED.isoformat())
        yield "a file in its last second", self.ask(self.file, now=(end - timedelta(seconds=1)).isoformat())
        yield "a file of a retired key", self.ask(self.old_file)

    def bad(self) -> Iterator[tuple[str, Question]]:
        """What must not."""
        for forgeries in (self.altered(), self.foreign(), self.resigned(), self.misused(), self.broken()):
            for name, file in forgeries:
                yield name, self.ask(file)
        yield "expired", self.ask(self.file, now=(ISSUED + timedelta(days=7)).isoformat())
        yield "from the future", self.ask(self.file, now=(ISSUED - timedelta(days=1)).isoformat())
        yield "for another license", self.ask(self.file, license_id="00000000-0000-0000-0000-000000000000")
        yield "of keys that are not kept", self.ask(self.file, keys='{"keys":[]}')
        withdraw_signing_key(kid=self.old_kid, now=ISSUED)
        yield "of a withdrawn key", self.ask(self.old_file, keys=self.published())

    def altered(self) -> Iterator[tuple[str, Parts]]:
        """A good signature on something else, or another signature."""
        payload, header = json.loads(decode(self.file["payload"])), json.loads(decode(self.file["protected"]))
        for name, value in payload.items():
            yield f"{name} altered", self.file | {"payload": encode_json(payload | {name: other_value(value)})}
        yield "a field added", self.file | {"payload": encode_json(payload | {"extra": 1})}
        yield "written otherwise", self.file | {"payload": signing.encode(json.dumps(payload).encode())}
        for name, value in {"kid": self.old_kid, "typ": "JOSE+JSON", "alg": "Ed25519", "cty": "json"}.items():
            yield f"{name} of the header altered", self.file | {"protected": encode_json(header | {name: value})}
        signature = bytearray(decode(self.file["signature"]))
        for at in (0, 31, 32, 62):
            yield f"byte {at} of the signature altered", self.with_signature(flipped(signature, at))
        yield "signature cut off", self.with_signature(bytes(signature[:-1]))
        yield "signature prolonged", self.with_signature(bytes(signature) + b"\0")
        yield "signature of nothing but zeros", self.with_signature(bytes(64))
        yield "no signature", self.with_signature(b"")

    def foreign(self) -> Iterator[tuple[str, Parts]]:
        """Parts of other files that we signed."""
        other = self.download(make_license(self.owner.organization, seats=9))
        yield "a file of another license", other
        yield "payload of another license", self.file | {"payload": other["payload"]}
        yield "signature of another license", self.file | {"signature": other["signature"]}
        yield "header of another key", self.file | {"protected": self.old_file["protected"]}
        later = self.download(self.license, at=ISSUED + timedelta(days=30))
        yield "payload of a later file", self.file | {"payload": later["payload"]}

    def resigned(self) -> Iterator[tuple[str, Parts]]:
        """Signed by a key that is not ours, which the header commends in many ways."""
        ours = json.loads(decode(self.file["protected"]))
        headers: dict[str, Parts] = {
            "under our kid": ours,
            "under its own kid": ours | {"kid": self.kid},
            "without a kid": {"alg": "EdDSA", "typ": ours["typ"]},
            "embedded": ours | {"jwk": self.jwk},
            "embedded, under its own kid": ours | {"jwk": self.jwk | {"kid": self.kid}, "kid": self.kid},
            "to be fetched": ours | {"jku": EVIL, "kid": self.kid},
            "in a certificate": ours | {"x5c": [self.jwk["x"]], "x5u": EVIL},
        }
        for name, header in headers.items():
            yield f"another key, {name}", self.signed(encode_json(header))
        beside = {"jwk": self.jwk, "kid": self.kid}
        yield "another key, embedded beside", self.signed(encode_json({"alg": "EdDSA"})) | {"header": beside}

    def misused(self) -> Iterator[tuple[str, Parts]]:
        """Another algorithm, or a signature that was made for something else."""
        ours, payload = json.loads(decode(self.file["protected"])), self.file["payload"]
        for name in ("none", "None", ""):
            yield f"alg {name!r}", self.file | {"protected": encode_json(ours | {"alg": name}), "signature": ""}
        hmac_header = encode_json(ours | {"alg": "HS256"})
        public = decode(json.loads(self.keys)["keys"][0]["x"])
        tag = hmac.digest(public, f"{hmac_header}.{payload}".encode(), hashlib.sha256)
        yield (
            "alg HS256 by the public key",
            {
                "protected": hmac_header,
                "payload": payload,
                "signature": signing.encode(tag),
            },
        )
        facts = json.loads(decode(payload))
        for typ in ("coditect-receipt+jwt", "JWT"):
            parts = signing.sign_compact(facts, typ=typ, now=ISSUED).split(".")
            yield f"signed as {typ}", dict(zip(("protected", "payload", "signature"), parts, strict=True))

    def broken(self) -> Iterator[tuple[str, Any]]:
        """No license file at all."""
        yield from {
            "empty": "",
            "no JSON": "license",
            "a list": [self.file],
            "nothing in it": {},
            "the compact form": json.dumps(".".join(self.file[part] for part in ("protected", "payload", "signature"))),
            "without its header": {name: self.file[name] for name in ("payload", "signature")},
            "a header that is no JSON": self.file | {"protected": signing.encode(b"EdDSA")},
            "a header that is a list": self.file | {"protected": encode_json(["EdDSA"])},
            "a payload that is a number": self.file | {"payload": 1},
            "not in base64": self.file | {"signature": "!" * 86},
        }.items()

    def signed(self, header: str) -> Parts:
        """By the forger's own key."""
        signature = self.key.sign(f"{header}.{self.file['payload']}".encode())
        return {"protected": header, "payload": self.file["payload"], "signature": signing.encode(signature)}

    def with_signature(self, signature: bytes) -> Parts:
        """The good file with another signature."""
        return self.file | {"signature": signing.encode(signature)}


def flipped(raw: bytearray, at: int) -> bytes:
    """One bit of a byte turned over."""
    return bytes(raw[:at]) + bytes([raw[at] ^ 1]) + bytes(raw[at + 1 :])
