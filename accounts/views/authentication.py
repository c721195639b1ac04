"""Endpoints of signing up and logging in."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from rest_framework.request import Request

from accounts import answers, tokens
from accounts.models import normalize_email
from accounts.serializers.authentication import (
    LoginSerializer,
    RefreshSerializer,
    RegisterSerializer,
    present_registration,
    present_user,
)
from accounts.services.lockouts import account_target
from accounts.services.log_in import InvalidCredentials, TokenPair, log_in, refresh_access
from accounts.services.register import EmailTaken, register_user
from accounts.services.totp import TotpRequired
from coditect.api.client import client_ip
from coditect.api.results import Created
from coditect.api.schema.description import Answer, created, describe
from coditect.api.throttling import Limit, network_of
from coditect.api.views import PublicView

TAG = "Authentication"
EXAMPLE_CREDENTIALS = {"email": "dev@example.com", "password": "SecurePass123!"}
PER_ACCOUNT_AND_ADDRESS = 5
PER_ACCOUNT_OR_ADDRESS = 30


def authentication_limits(request: Request, account: str, *, guards: bool = True) -> list[Limit]:
    """Limits of guessing: tight for one account from one address, wider for either alone."""
    address = network_of(request)
    target = account_target(account)
    return [
        Limit("auth", f"{address}:{target}", PER_ACCOUNT_AND_ADDRESS, guards=guards),
        Limit("auth-ip", address, PER_ACCOUNT_OR_ADDRESS, guards=guards),
        Limit("auth-account", target, PER_ACCOUNT_OR_ADDRESS, guards=guards),
    ]


class CredentialsView(PublicView):
    """An endpoint that names the account it is about in `email`."""

    def rate_limits(self, request: Request) -> Sequence[Limit]:
        """Count per address and account."""
        return authentication_limits(request, normalize_email(str(self.body.get("email", ""))))


class RegisterView(CredentialsView):
    """Sign up."""

    @describe(
        "register",
        "Sign up",
        tag=TAG,
        request=RegisterSerializer,
        answers=[created(answers.RegistrationBody)],
        errors=[EmailTaken],
        example={**EXAMPLE_CREDENTIALS, "full_name": "Developer", "company_name": "My Company"},
    )
    def post(self, request: Request) -> Created:
        """Make a user with an organization and a free license."""
        membership = register_user(**self.read(RegisterSerializer), now=timezone.now())
        return Created(present_registration(membership))


class TokenView(CredentialsView):
    """Log in, as the integration guide has it."""

    @describe(
        "log_in",
        "Log in",
        tag=TAG,
        request=LoginSerializer,
        answers=[Answer(answers.TokensBody)],
        errors=[InvalidCredentials, TotpRequired],
        example=EXAMPLE_CREDENTIALS,
    )
    def post(self, request: Request) -> dict[str, Any]:
        """An access token and a refresh token."""
        return present_tokens(self.log_in(request))

    def log_in(self, request: Request) -> TokenPair:
        """Begin a login session."""
        return log_in(
            **self.read(LoginSerializer),
            ip=client_ip(request),
            user_agent=request.META.get("HTTP_USER_AGENT", ""),
            now=timezone.now(),
        )


class LoginView(TokenView):
    """Log in, as the API reference has it."""

    @describe(
        "log_in",
        "Log in",
        tag=TAG,
        request=LoginSerializer,
        answers=[Answer(answers.LoginBody)],
        errors=[InvalidCredentials, TotpRequired],
        example=EXAMPLE_CREDENTIALS,
    )
    def post(self, request: Request) -> dict[str, Any]:
        """An access token, a refresh token, and the user."""
        return present_login(self.log_in(request))


class RefreshView(PublicView):
    """Stay logged in."""

    def rate_limits(self, request: Request) -> Sequence[Limit]:
        """A token that verifies counts for its login session alone: many desktops may share one address.

        Signatures are not guessed: without Redis, refreshing goes unlimited.
        """
        refresh = str(self.body.get("refresh", ""))
        try:
            claims = tokens.read_refresh_token(refresh)
        except (tokens.TokenInvalid, tokens.TokenExpired):
            return authentication_limits(request, refresh, guards=False)
        return [Limit("refresh", str(claims.login_session_id), PER_ACCOUNT_AND_ADDRESS)]

    @describe(
        "refresh",
        "Stay logged in",
        tag=TAG,
        request=RefreshSerializer,
        answers=[Answer(answers.AccessBody)],
        errors=[tokens.TokenExpired, tokens.TokenInvalid, tokens.TokenRevoked],
        example={"refresh": "YOUR_REFRESH_TOKEN"},
    )
    def post(self, request: Request) -> dict[str, Any]:
        """A new access token; the refresh token stays good."""
        access = refresh_access(**self.read(RefreshSerializer), now=timezone.now())
        return present_access(access)


def present_access(access: str) -> dict[str, Any]:
    """An access token as the API hands it out; `expires_in` is in seconds."""
    return {"access": access, "token_type": "Bearer", "expires_in": tokens.access_lifetime_seconds()}


def present_tokens(pair: TokenPair) -> dict[str, Any]:
    """Both tokens of a log-in."""
    return present_access(pair.access) | {"refresh": pair.refresh}


def present_login(pair: TokenPair) -> dict[str, Any]:
    """Both tokens of a log-in, and whose they are."""
    return present_tokens(pair) | {"user": present_user(pair.user)}
