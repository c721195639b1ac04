"""Reads and checks the environment variables; every complaint names its variable."""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from email.utils import parseaddr
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email
from environs import Env, EnvError

ENVIRONMENTS = ("development", "sandbox", "staging", "production")
BASE_DIR = Path(__file__).resolve().parent.parent
RUN_FILE = "run.env"
# Port and kind of TLS by scheme: none, from the first byte (RFC 8314), or begun by STARTTLS (RFC 6409).
MAIL_SERVERS: dict[str, tuple[int, dict[str, bool]]] = {
    "smtp": (25, {}),
    "smtps": (465, {"EMAIL_USE_SSL": True}),
    "submission": (587, {"EMAIL_USE_TLS": True}),
}
MAIL_TIMEOUT_SECONDS = 10
KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
KEY_BYTES = 32
DNS_PORT = 53
# By whether it is production.
STRIPE_KEYS = {True: ("sk_live_", "rk_live_"), False: ("sk_test_", "rk_test_")}


class Environment:
    """The process's variables, with those of a running embedded set behind them.

    Raises ImproperlyConfigured, in one sentence that names the variable, for anything missing or malformed.
    """

    def __init__(self) -> None:
        self._env = Env(expand_vars=False)
        self.name = self.choice("CODITECT_ENV", ENVIRONMENTS, default="development")
        self.is_development = self.name == "development"
        self.data_dir = Path(self.text("CODITECT_DATA_DIR", "var")).expanduser()
        if not self.data_dir.is_absolute():
            self.data_dir = BASE_DIR / self.data_dir
        run_file = self.data_dir / RUN_FILE
        if self.is_development and run_file.is_file():
            self._env.read_env(str(run_file), recurse=False, override=False)

    def text(self, name: str, default: str | None = None) -> str:
        """A string; without a default it is required."""
        value = self._read("str", name, default)
        if not value and default is None:
            raise ImproperlyConfigured(f"{name} is not set; .env.example says what it is for.")
        return str(value)

    def number(self, name: str, default: int, *, at_least: int = 0, at_most: int = 2**31 - 1) -> int:
        """A whole number within bounds."""
        value = int(self._read("int", name, default))
        if not at_least <= value <= at_most:
            raise ImproperlyConfigured(f"{name} is {value}; it must lie between {at_least} and {at_most}.")
        return value

    def web_url(self, name: str, default: str | None = None) -> str:
        """An http:// or https:// URL."""
        value = self.text(name, default)
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ImproperlyConfigured(f"{name} is {value!r}; it must be a URL that starts with http:// or https://.")
        return value.rstrip("/")

    def origins(self, name: str, default: list[str] | None = None) -> list[str]:
        """A comma-separated list of origins, such as https://app.example.com."""
        origins = self.words(name, default or [])
        for origin in origins:
            parts = urlsplit(origin)
            if origin != f"{parts.scheme}://{parts.netloc}" or parts.scheme not in {"http", "https"}:
                raise ImproperlyConfigured(
                    f"{name} contains {origin!r}; an origin is a scheme and a host, such as https://app.example.com."
                )
        return origins

    def flag(self, name: str) -> bool:
        """A boolean, false when unset."""
        return bool(self._read("bool", name, False))

    def words(self, name: str, default: list[str]) -> list[str]:
        """A comma-separated list."""
        return [word.strip() for word in self._read("list", name, default) if word.strip()]

    def choice(self, name: str, allowed: tuple[str, ...], *, default: str) -> str:
        """One of the allowed words."""
        value = self.text(name, default)
        if value not in allowed:
            raise ImproperlyConfigured(f"{name} is {value!r}; it must be one of {', '.join(allowed)}.")
        return value

    def database(self, name: str) -> dict[str, Any]:
        """A Django database from a postgresql:// URL."""
        url = self.embedded(name)
        if not url.startswith(("postgres://", "postgresql://")):
            raise ImproperlyConfigured(f"{name} must start with postgresql:// (only PostgreSQL is supported).")
        parsed: Mapping[str, Any] = self._read("dj_db_url", name, url)
        if not parsed["NAME"]:
            raise ImproperlyConfigured(f"{name} names no database: it ends in a slash and the database's name.")
        return dict(parsed)

    def redis(self, name: str, default: str | None = None) -> str:
        """A redis:// or rediss:// URL."""
        url = self.text(name, default) if default is not None else self.embedded(name)
        if not url.startswith(("redis://", "rediss://")):
            raise ImproperlyConfigured(f"{name} must start with redis:// or rediss://.")
        try:
            urlsplit(url).port  # noqa: B018 (reading it checks it)
        except ValueError as error:
            raise ImproperlyConfigured(f"{name} has a bad port.") from error
        return url

    def mail_server(self, name: str, default: str | None = None) -> dict[str, Any]:
        """Django's mail settings from an smtp://, smtps:// or submission:// URL; in development also file:///folder.

        Mails in a file or on a console would be lost elsewhere, and lie open with the secrets in them.
        """
        try:
            url = urlsplit(self.text(name, default))
            port = url.port
        except ValueError as error:
            raise ImproperlyConfigured(f"{name} has a bad host or port.") from error
        if url.scheme == "file" and self.is_development:
            backend = "django.core.mail.backends.filebased.EmailBackend"
            return {"EMAIL_BACKEND": backend, "EMAIL_FILE_PATH": unquote(url.path)}
        if url.scheme not in MAIL_SERVERS or not url.hostname:
            raise ImproperlyConfigured(f"{name} must start with smtp://, smtps:// or submission:// and name a host.")
        usual_port, tls = MAIL_SERVERS[url.scheme]
        return {
            "EMAIL_HOST": url.hostname,
            "EMAIL_PORT": port or usual_port,
            "EMAIL_HOST_USER": unquote(url.username or ""),
            "EMAIL_HOST_PASSWORD": unquote(url.password or ""),
            "EMAIL_TIMEOUT": MAIL_TIMEOUT_SECONDS,
            **tls,
        }

    def mailbox(self, name: str, default: str | None = None) -> str:
        """A sender: an address, or a name with an address in angle brackets."""
        value = self.text(name, default)
        try:
            validate_email(parseaddr(value)[1])
        except ValidationError as error:
            raise ImproperlyConfigured(f"{name} must be an e-mail address, or a name and <an address>.") from error
        return value

    def encryption_keys(self, name: str, *, stand_in: str | None) -> dict[str, bytes]:
        """Keys by their ids, in order, from `id:base64,id:base64`; unset, one derived from `stand_in` where given."""
        words = self.words(name, [])
        if not words:
            if stand_in is None:
                raise ImproperlyConfigured(f"{name} is not set; .env.example says what it is for.")
            return {"development": hashlib.sha256(b"coditect.encryption\0" + stand_in.encode()).digest()}
        keys: dict[str, bytes] = {}
        for word in words:
            key_id, _, text = word.partition(":")
            key = _base64(text)
            if not KEY_ID.fullmatch(key_id) or key_id in keys or len(key) != KEY_BYTES:
                raise ImproperlyConfigured(
                    f"{name} must be a list of id:key, each id once, each key {KEY_BYTES} bytes in base64."
                )
            keys[key_id] = key
        return keys

    def public_keys(self, name: str) -> dict[str, EllipticCurvePublicKey]:
        """P-256 keys by their ids, from `id:base64,id:base64`: what a PEM file has between its two lines, in one."""
        keys: dict[str, EllipticCurvePublicKey] = {}
        for word in self.words(name, []):
            key_id, _, text = word.partition(":")
            key = _p256(_base64(text))
            if not key_id or key_id in keys or key is None:
                raise ImproperlyConfigured(
                    f"{name} must be a list of id:key, each id once, each key a public one on P-256 in base64."
                )
            keys[key_id] = key
        return keys

    def name_servers(self, name: str) -> list[tuple[str, int]]:
        """Addresses and ports of DNS servers, from a comma-separated list of addresses, some with a port."""
        try:
            return [_name_server(word) for word in self.words(name, [])]
        except ValueError as error:
            raise ImproperlyConfigured(
                f"{name} must be a list of IP addresses, each alone or with a port, as in [2001:db8::53]:5353."
            ) from error

    def private_key(self, name: str) -> Ed25519PrivateKey | None:
        """An Ed25519 key in base64: what a PEM file has between its two lines. None where it is not set."""
        text = self.text(name, "")
        if not text:
            return None
        try:
            key = load_der_private_key(_base64(text), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise ImproperlyConfigured(f"{name} must be a private Ed25519 key: PKCS #8 in base64, in one line.")
        return key

    def stripe_key(self, name: str) -> str:
        """A secret or restricted key of Stripe; "" where nothing is sold. Real money moves in production alone."""
        key = self.text(name, "")
        if key and not key.startswith(STRIPE_KEYS[self.name == "production"]):
            kinds = " or ".join(f"{prefix}…" for prefix in STRIPE_KEYS[self.name == "production"])
            raise ImproperlyConfigured(f"{name} must be {kinds} where CODITECT_ENV is {self.name}.")
        return key

    def days_by_word(self, name: str, *, others: int, at_most: int) -> tuple[dict[str, int], int]:
        """Days by words, from `word:days,word:days`, and the days of all other words, which stand alone."""
        days: dict[str, int] = {}
        for entry in self.words(name, []):
            word, _, text = entry.rpartition(":")
            if not text.isdecimal() or not 1 <= int(text) <= at_most or word in days:
                raise ImproperlyConfigured(
                    f"{name} must be a list of word:days, each word once, each from 1 to {at_most} days."
                )
            days[word] = int(text)
        return days, days.pop("", others)

    def embedded(self, name: str) -> str:
        """A string that a running embedded set provides in development; elsewhere it is required."""
        value = str(self._read("str", name, ""))
        if value:
            return value
        hint = "start the embedded one with `make run`, or set it" if self.is_development else "set it"
        raise ImproperlyConfigured(f"{name} is not set: {hint}.")

    def _read(self, kind: str, name: str, default: Any) -> Any:
        """An empty variable is one that is not set: that is how compose files pass on what they were not given."""
        if not self._env.str(name, "").strip():
            return default
        try:
            return getattr(self._env, kind)(name, default)
        except (EnvError, ValueError) as error:
            raise ImproperlyConfigured(f"{name} has a bad value (expected: {kind}).") from error


def _name_server(word: str) -> tuple[str, int]:
    """Raises ValueError."""
    try:
        return str(ip_address(word)), DNS_PORT
    except ValueError:
        parts = urlsplit(f"//{word}")
        if parts.netloc != word or "@" in word or not parts.port:
            raise
    return str(ip_address(parts.hostname or "")), parts.port


def _p256(der: bytes) -> EllipticCurvePublicKey | None:
    """The public key, or none where it is of another kind."""
    try:
        key = load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1) else None


def _base64(text: str) -> bytes:
    """The bytes, or none where the text is something else."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
