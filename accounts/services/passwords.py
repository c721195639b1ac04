"""Giving a user a new password."""

from datetime import datetime
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.models import User
from accounts.services.logins import end_login_sessions
from accounts.services.one_time_tokens import Purpose, spend_tokens
from coditect.errors import InvalidInput
from coditect.journal.mails import queue_mail


def replace_password(*, user: User, password: str, now: datetime, keep: UUID | None = None) -> None:
    """Set it; end the user's log-ins but the one to `keep`, and every reset under way; tell them by mail.

    Seats live on. Raises InvalidInput where the password is too weak.
    """
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidInput("new_password", " ".join(error.messages)) from error
    user.set_password(password)
    user.save(update_fields=["password"])
    end_login_sessions(user=user, now=now, keep=keep)
    spend_tokens(user=user, purpose=Purpose.RESET_PASSWORD, now=now)
    queue_mail(template="password_changed", to=user.email, now=now)
