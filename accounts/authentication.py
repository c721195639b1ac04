"""From credentials to a user."""

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts import tokens
from accounts.models import User
from accounts.services.log_in import user_of
from coditect.journal.origin import acting_as


class AccessTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access token>` (RFC 6750)."""

    def authenticate(self, request: Request) -> tuple[User, tokens.Claims] | None:
        """The user and the token's claims. Raises TokenExpired, TokenInvalid, TokenRevoked."""
        claims = bearer_claims(request)
        if claims is None:
            return None
        user = user_of(claims, now=timezone.now())
        acting_as(user.pk)
        return user, claims

    def authenticate_header(self, request: Request) -> str:
        """Makes DRF answer 401 rather than 403."""
        return "Bearer"


def bearer_claims(request: Request) -> tokens.Claims | None:
    """The verified claims of the request's bearer token, without asking the database; None where there is no token."""
    scheme, _, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    return tokens.read_access_token(text.strip())
