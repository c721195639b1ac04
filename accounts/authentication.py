"""From credentials to a user."""

from collections.abc import Sequence
from typing import ClassVar

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts import tokens
from accounts.models import ApiToken, User
from accounts.services.api_tokens import MARK, scopes_in_force, use_api_token
from accounts.services.log_in import user_of
from coditect.api.credentials import ScopedCredential
from coditect.errors import DomainError, Unauthenticated
from coditect.journal.origin import acting_as

Credential = tokens.Claims | ScopedCredential


class AccessTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access token or API token>` (RFC 6750), or `X-API-Key: <API token>`."""

    errors: ClassVar[Sequence[type[DomainError]]] = (
        Unauthenticated,
        tokens.TokenExpired,
        tokens.TokenInvalid,
        tokens.TokenRevoked,
    )
    security_schemes: ClassVar[dict[str, dict[str, str]]] = {
        "accessToken": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The access token of a log-in.",
        },
    }
    scoped_security_schemes: ClassVar[dict[str, dict[str, str]]] = {
        "apiToken": {"type": "http", "scheme": "bearer", "description": "An API token with the scope that is named."},
        "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same in a header."},
    }

    def authenticate(self, request: Request) -> tuple[User, Credential] | None:
        """The user, and what their token says. Raises TokenExpired, TokenInvalid, TokenRevoked."""
        found = self._by_api_token(request) or self._by_access_token(request)
        if found is not None:
            user, credential = found
            token_id = credential.id if isinstance(credential, ScopedCredential) else None
            acting_as(user.pk, api_token_id=token_id)
        return found

    def authenticate_header(self, request: Request) -> str:
        """Makes DRF answer 401 rather than 403."""
        return "Bearer"

    def _by_api_token(self, request: Request) -> tuple[User, Credential] | None:
        text = api_token_text(request)
        if text is None:
            return None
        token = use_api_token(text, now=timezone.now())
        return token.user, credential_of(token)

    def _by_access_token(self, request: Request) -> tuple[User, Credential] | None:
        claims = bearer_claims(request)
        if claims is None:
            return None
        return user_of(claims, now=timezone.now()), claims


def bearer_claims(request: Request) -> tokens.Claims | None:
    """The verified claims of the request's access token, without asking the database; None where there is none."""
    text = _bearer_text(request)
    if text is None or text.startswith(MARK):
        return None
    return tokens.read_access_token(text)


def api_token_text(request: Request) -> str | None:
    """The request's API token, unverified; a bearer token comes before X-API-Key."""
    text = _bearer_text(request)
    if text is None:
        return request.META.get("HTTP_X_API_KEY") or None
    return text if text.startswith(MARK) else None


def credential_of(token: ApiToken) -> ScopedCredential:
    """What an API token opens now; it was found by use_api_token."""
    return ScopedCredential(
        id=token.pk,
        user_id=token.user_id,
        organization_id=token.organization_id,
        scopes=scopes_in_force(token),
    )


def _bearer_text(request: Request) -> str | None:
    scheme, _, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else None
