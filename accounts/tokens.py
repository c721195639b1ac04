"""JSON Web Tokens: a short access token and a refresh token that lasts as long as its login session."""

import hashlib
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID, uuid4

from rest_framework_simplejwt.exceptions import ExpiredTokenError
from rest_framework_simplejwt.exceptions import TokenError as JwtError
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token

from coditect.errors import Unauthenticated

SESSION_CLAIM = "sid"


class TokenExpired(Unauthenticated):
    """The token was good once; refresh it."""

    code = "token_expired"
    message = "The token has expired."


class TokenInvalid(Unauthenticated):
    """Not a token of ours, or of the other kind."""

    code = "token_invalid"
    message = "The token is not valid."


class TokenRevoked(Unauthenticated):
    """The login session behind the token has ended."""

    code = "token_revoked"
    message = "The token has been revoked."


@dataclass(frozen=True, kw_only=True)
class Claims:
    """What a verified token says. `expires_at` is in seconds since the epoch."""

    user_id: UUID
    login_session_id: UUID
    jti: str
    expires_at: int


@dataclass(frozen=True, kw_only=True)
class NewRefreshToken:
    """A refresh token just made; only `jti_hash` is stored."""

    text: str
    login_session_id: UUID
    jti_hash: str
    expires_at: datetime


def new_refresh_token(*, user_id: UUID) -> NewRefreshToken:
    """A refresh token for a login session yet to be stored."""
    login_session_id = uuid4()
    token = RefreshToken()
    _fill(token, user_id=user_id, login_session_id=login_session_id)
    return NewRefreshToken(
        text=str(token),
        login_session_id=login_session_id,
        jti_hash=hash_jti(token["jti"]),
        expires_at=datetime.fromtimestamp(token["exp"], tz=UTC),
    )


def new_access_token(*, user_id: UUID, login_session_id: UUID) -> str:
    """An access token of a login session."""
    token = AccessToken()
    _fill(token, user_id=user_id, login_session_id=login_session_id)
    return str(token)


def read_access_token(text: str) -> Claims:
    """Verify an access token. Raises TokenExpired or TokenInvalid.

    A client sends the same token for a quarter of an hour: its signature is checked once, its expiry every time.
    """
    claims = _read_access_token(text)
    if claims.expires_at <= time.time():
        raise TokenExpired
    return claims


@lru_cache(maxsize=4096)
def _read_access_token(text: str) -> Claims:
    return _read(AccessToken, text)


def read_refresh_token(text: str) -> Claims:
    """Verify a refresh token. Raises TokenExpired or TokenInvalid."""
    return _read(RefreshToken, text)


def access_lifetime_seconds() -> int:
    """How long an access token lasts."""
    return int(AccessToken.lifetime.total_seconds())


def hash_jti(jti: str) -> str:
    """What is stored of a token's id: it has 122 random bits, so a plain hash is enough."""
    return hashlib.sha256(jti.encode()).hexdigest()


def _fill(token: Token, *, user_id: UUID, login_session_id: UUID) -> None:
    token["sub"] = str(user_id)
    token[SESSION_CLAIM] = str(login_session_id)


def _read(kind: type[Token], text: str) -> Claims:
    try:
        token = kind(text)  # type: ignore[arg-type]  # simplejwt types its argument as a Token
        return Claims(
            user_id=UUID(token["sub"]),
            login_session_id=UUID(token[SESSION_CLAIM]),
            jti=str(token["jti"]),
            expires_at=int(token["exp"]),
        )
    except ExpiredTokenError as error:
        raise TokenExpired from error
    except (JwtError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise TokenInvalid from error
