"""One-time secrets: what is stored of them is never enough to use them."""

import hashlib
import hmac
import secrets

from django.conf import settings

CODE_DIGITS = 6


def new_token() -> str:
    """A secret for a link: 256 random bits, in characters that a URL takes as they are."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """What is stored of a token: nobody finds 256 random bits by trying, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_code() -> str:
    """A secret short enough to type."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"


def keyed_hash(*parts: str) -> str:
    """What is stored of something guessable: without the server's key a million codes cannot be tried on it."""
    message = "\0".join(parts).encode()
    return hmac.new(settings.SECRET_KEY.encode(), b"coditect.one-time\0" + message, hashlib.sha256).hexdigest()
