"""Endpoints that use a one-time secret, or make one be sent."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.utils import timezone
from rest_framework.request import Request

from accounts import answers
from accounts.serializers import identity as shapes
from accounts.services.change_password import change_password
from accounts.services.log_in import TokenPair
from accounts.services.one_time_codes import CodeInvalid, log_in_by_code, request_code
from accounts.services.one_time_tokens import OneTimeTokenInvalid
from accounts.services.reset_password import request_reset, reset_password
from accounts.services.totp import SecondFactorInvalid, TotpRequired
from accounts.views.account import login_session_of, user_of
from accounts.views.authentication import CredentialsView, authentication_limits, present_login, present_tokens
from coditect.api.client import client_ip
from coditect.api.credentials import LOGIN_ONLY, Scopes
from coditect.api.schema.description import Answer, describe
from coditect.api.throttling import Limit
from coditect.api.views import ApiView, PublicView

TAG = "Identity"
EXAMPLE_ADDRESS = {"email": "dev@example.com"}
EXAMPLE_TOKEN = {"token": "TOKEN_FROM_THE_MAIL"}
MESSAGE = [Answer(answers.MessageBody)]


class OneTimeTokenView(PublicView):
    """An endpoint that takes a token from a mail; guesses count per address and token."""

    def rate_limits(self, request: Request) -> Sequence[Limit]:
        """Count per address and token."""
        return authentication_limits(request, str(self.body.get("token", "")))

    @property
    def body(self) -> dict[str, Any]:
        """The query, where the token came as a link."""
        return self.request.GET.dict() if self.request.method in {"GET", "HEAD"} else super().body


class ForgotPasswordView(CredentialsView):
    """Have a reset token sent."""

    @describe(
        "forgot_password",
        "Ask for a new password",
        tag=TAG,
        request=shapes.AddressSerializer,
        answers=MESSAGE,
        example=EXAMPLE_ADDRESS,
    )
    def post(self, request: Request) -> dict[str, Any]:
        """The same answer for every address."""
        request_reset(**self.read(shapes.AddressSerializer), now=timezone.now())
        return {"message": "If there is an account with this address, we have sent it instructions."}


class ResetPasswordView(OneTimeTokenView):
    """Spend a reset token."""

    @describe(
        "reset_password",
        "Set a new password",
        tag=TAG,
        request=shapes.ResetPasswordSerializer,
        answers=MESSAGE,
        errors=[OneTimeTokenInvalid],
        example={**EXAMPLE_TOKEN, "new_password": "NewSecurePass123!"},
    )
    def post(self, request: Request) -> dict[str, Any]:
        """End every log-in; seats live on."""
        reset_password(**self.read(shapes.ResetPasswordSerializer), now=timezone.now())
        return {"message": "Your password has been changed. Log in with the new one."}


class OwnPasswordView(ApiView):
    """An endpoint that asks a signed-in user for their password."""

    scopes: ClassVar[Scopes] = {"post": LOGIN_ONLY}

    def rate_limits(self, request: Request) -> Sequence[Limit]:
        """Guesses at the password count together with those of logging in."""
        return authentication_limits(request, user_of(request).email)


class ChangePasswordView(OwnPasswordView):
    """Change the password that one knows."""

    @describe(
        "change_password",
        "Change the password",
        tag=TAG,
        request=shapes.ChangePasswordSerializer,
        answers=MESSAGE,
        example={"current_password": "SecurePass123!", "new_password": "NewSecurePass123!"},
    )
    def post(self, request: Request) -> dict[str, Any]:
        """End the user's other log-ins; this one and all seats live on."""
        change_password(
            user=user_of(request),
            **self.read(shapes.ChangePasswordSerializer),
            login_session_id=login_session_of(request),
            now=timezone.now(),
        )
        return {"message": "Your password has been changed. Other devices have been logged out."}


class RequestCodeView(CredentialsView):
    """Have a code sent."""

    @describe(
        "request_code",
        "Ask for a log-in code",
        tag=TAG,
        request=shapes.AddressSerializer,
        answers=MESSAGE,
        example=EXAMPLE_ADDRESS,
    )
    def post(self, request: Request) -> dict[str, Any]:
        """The same answer for every address."""
        request_code(**self.read(shapes.AddressSerializer), now=timezone.now())
        return {"message": "If there is an account with this address, we have sent it a code."}


class VerifyCodeView(CredentialsView):
    """Log in by a code, as the integration guide answers."""

    @describe(
        "log_in_by_code",
        "Log in by code",
        tag=TAG,
        request=shapes.CodeSerializer,
        answers=[Answer(answers.TokensBody)],
        errors=[CodeInvalid, TotpRequired, SecondFactorInvalid],
        example={**EXAMPLE_ADDRESS, "code": "123456"},
    )
    def post(self, request: Request) -> dict[str, Any]:
        """An access token and a refresh token, for the six digits of the newest mail."""
        return present_tokens(self.log_in(request))

    def log_in(self, request: Request) -> TokenPair:
        """Begin a login session."""
        return log_in_by_code(
            **self.read(shapes.CodeSerializer),
            ip=client_ip(request),
            user_agent=request.META.get("HTTP_USER_AGENT", ""),
            now=timezone.now(),
        )


class VerifyCodeWithUserView(VerifyCodeView):
    """Log in by a code, as the API reference answers a log-in."""

    @describe(
        "log_in_by_code",
        "Log in by code",
        tag=TAG,
        request=shapes.CodeSerializer,
        answers=[Answer(answers.LoginBody)],
        errors=[CodeInvalid, TotpRequired, SecondFactorInvalid],
        example={**EXAMPLE_ADDRESS, "code": "123456"},
    )
    def post(self, request: Request) -> dict[str, Any]:
        """An access token, a refresh token, and the user, for the six digits of the newest mail."""
        return present_login(self.log_in(request))
