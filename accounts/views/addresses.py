"""Endpoints of proving and changing one's address."""

from typing import Any

from django.utils import timezone
from rest_framework.request import Request

from accounts import answers
from accounts.serializers import identity as shapes
from accounts.services.change_email import confirm_email_change, request_email_change
from accounts.services.one_time_tokens import OneTimeTokenInvalid
from accounts.services.verify_email import request_verification, verify_email
from accounts.views.account import user_of
from accounts.views.authentication import CredentialsView
from accounts.views.identity import (
    EXAMPLE_ADDRESS,
    EXAMPLE_TOKEN,
    MESSAGE,
    TAG,
    OneTimeTokenView,
    OwnPasswordView,
)
from coditect.api.schema.description import Answer, describe


class VerifyEmailView(OneTimeTokenView):
    """Prove an address."""

    @describe(
        "verify_email_by_link",
        "Confirm an e-mail address by the link in the mail",
        tag=TAG,
        query=shapes.OneTimeTokenSerializer,
        answers=[Answer(answers.VerifiedBody)],
        errors=[OneTimeTokenInvalid],
    )
    def get(self, request: Request) -> dict[str, Any]:
        """Mark the address as its user's own. The same link may be opened again."""
        return self.verify()

    @describe(
        "verify_email",
        "Confirm an e-mail address",
        tag=TAG,
        request=shapes.OneTimeTokenSerializer,
        answers=[Answer(answers.VerifiedBody)],
        errors=[OneTimeTokenInvalid],
        example=EXAMPLE_TOKEN,
    )
    def post(self, request: Request) -> dict[str, Any]:
        """Mark the address as its user's own. The same token may be sent again."""
        return self.verify()

    def verify(self) -> dict[str, Any]:
        """Spend the token."""
        user = verify_email(**self.read(shapes.OneTimeTokenSerializer), now=timezone.now())
        return {"message": "Your e-mail address is confirmed.", "email": user.email, "email_verified": True}


class ResendVerificationView(CredentialsView):
    """Have the link sent again."""

    @describe(
        "resend_verification",
        "Send the confirmation mail again",
        tag=TAG,
        request=shapes.AddressSerializer,
        answers=MESSAGE,
        example=EXAMPLE_ADDRESS,
    )
    def post(self, request: Request) -> dict[str, Any]:
        """The same answer for every address."""
        request_verification(**self.read(shapes.AddressSerializer), now=timezone.now())
        return {"message": "If this address waits to be confirmed, we have sent it a link."}


class ChangeEmailView(OwnPasswordView):
    """Have both addresses asked."""

    @describe(
        "change_email",
        "Change the e-mail address",
        tag=TAG,
        request=shapes.ChangeEmailSerializer,
        answers=MESSAGE,
        example={"new_email": "new@example.com", "password": "SecurePass123!"},
    )
    def post(self, request: Request) -> dict[str, Any]:
        """Send a token to the old address and one to the new; nothing changes before both are confirmed."""
        request_email_change(user=user_of(request), **self.read(shapes.ChangeEmailSerializer), now=timezone.now())
        return {"message": "We have sent a mail to both addresses. Confirm both to change your address."}


class ConfirmChangeEmailView(OneTimeTokenView):
    """Confirm for one of the two addresses."""

    @describe(
        "confirm_change_email",
        "Confirm the change of address",
        tag=TAG,
        request=shapes.OneTimeTokenSerializer,
        answers=[Answer(answers.EmailChangeBody)],
        errors=[OneTimeTokenInvalid],
        example=EXAMPLE_TOKEN,
    )
    def post(self, request: Request) -> dict[str, Any]:
        """Confirm for the address that the token was sent to; the second confirmation makes the change."""
        change = confirm_email_change(**self.read(shapes.OneTimeTokenSerializer), now=timezone.now())
        is_changed = change.closed_at is not None
        waiting = "Confirmed. Your address changes when the mail to the other address is confirmed too."
        return {"message": "Your address has been changed." if is_changed else waiting, "email_changed": is_changed}
