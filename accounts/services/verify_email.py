"""Proving that an address is one's own."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.services.one_time_tokens import OneTimeTokenInvalid, Purpose, find_token
from coditect.journal.mails import queue_mail
from coditect.journal.services import record_event


@transaction.atomic
def verify_email(*, token: str, now: datetime) -> User:
    """Mark the address as its user's own; with the same token again, do nothing.

    Raises OneTimeTokenInvalid, also where the user has another address by now.
    """
    found = find_token(token, purpose=Purpose.VERIFY_EMAIL)
    user = found.user
    if found.email != user.email or (found.used_at is None and found.expires_at <= now):
        raise OneTimeTokenInvalid
    if found.used_at is None:
        found.used_at = now
        found.save(update_fields=["used_at"])
    note_verified(user, now=now)
    return user


def request_verification(*, email: str, now: datetime) -> None:
    """Have the link sent again; the worker finds out whether there is anybody to send it to."""
    queue_mail(template="verify_email", to=email, now=now)


def note_verified(user: User, *, now: datetime) -> None:
    """The user has proved to read what is sent to their address."""
    if user.email_verified_at is None:
        user.email_verified_at = now
        user.save(update_fields=["email_verified_at"])
        record_event("user.email_verified", user, at=now, organization_id=None)
