"""Endpoints of the second factor. They need a log-in, and none of their answers may be kept by a cache."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.utils import timezone
from rest_framework.request import Request

from accounts import answers
from accounts.serializers.totp import TotpCodeSerializer, TurnOffTotpSerializer, present_new_totp
from accounts.services.totp import TotpOff, TotpOn, begin_totp, confirm_totp, turn_off_totp
from accounts.views.account import user_of
from accounts.views.authentication import authentication_limits
from coditect.api.credentials import LOGIN_ONLY, Scopes
from coditect.api.results import Created, Deleted
from coditect.api.schema.description import Answer, Nothing, created, describe
from coditect.api.throttling import Limit
from coditect.api.views import ApiView

TAG = "Second factor"


class TotpView(ApiView):
    """The second factor of the signed-in user."""

    scopes: ClassVar[Scopes] = {"post": LOGIN_ONLY, "delete": LOGIN_ONLY}

    def rate_limits(self, request: Request) -> Sequence[Limit]:
        """Guesses at the password count together with those of logging in."""
        if request.method == "DELETE":
            return authentication_limits(request, user_of(request).email)
        return super().rate_limits(request)

    @describe("begin_totp", "Begin with two factors", tag=TAG, answers=[created(answers.NewTotpBody)], errors=[TotpOn])
    def post(self, request: Request) -> Created:
        """A secret for an authenticator app, shown this once. It counts when a code of it was confirmed."""
        self.headers["Cache-Control"] = "no-store"
        return Created(present_new_totp(begin_totp(user=user_of(request), now=timezone.now())))

    @describe(
        "turn_off_totp",
        "Do without the second factor",
        tag=TAG,
        request=TurnOffTotpSerializer,
        answers=[Nothing(answers.MessageBody)],
        errors=[TotpOff],
        example={"password": "SecurePass123!", "code": "123456"},
    )
    def delete(self, request: Request) -> Deleted:
        """Turn it off, by password and a code or a recovery code."""
        turn_off_totp(user=user_of(request), **self.read(TurnOffTotpSerializer), now=timezone.now())
        return Deleted({"message": "Two-factor authentication is off."})


class ConfirmTotpView(ApiView):
    """The first code of a new second factor."""

    scopes: ClassVar[Scopes] = {"post": LOGIN_ONLY}

    @describe(
        "confirm_totp",
        "Confirm the second factor",
        tag=TAG,
        request=TotpCodeSerializer,
        answers=[Answer(answers.RecoveryCodesBody)],
        errors=[TotpOff],
        example={"code": "123456"},
    )
    def post(self, request: Request) -> dict[str, Any]:
        """Turn it on; the answer holds the recovery codes, this once."""
        self.headers["Cache-Control"] = "no-store"
        codes = confirm_totp(user=user_of(request), **self.read(TotpCodeSerializer), now=timezone.now())
        return {"message": "Two-factor authentication is on.", "recovery_codes": codes}
