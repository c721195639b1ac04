"""Changing one's address: agreed to at the old one, proved at the new one."""

from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.models import EmailChange, User
from accounts.services.change_password import lock_user, require_password
from accounts.services.one_time_tokens import LIFETIMES, OneTimeTokenInvalid, Purpose, lock_token, spend_tokens
from coditect.errors import InvalidInput
from coditect.journal.mails import queue_mail
from coditect.journal.services import record_event


@transaction.atomic
def request_email_change(*, user: User, new_email: str, password: str, now: datetime) -> EmailChange:
    """Have both addresses asked, in place of any change under way.

    Says nothing of whether the new one is taken: only who reads it is told. Raises InvalidInput.
    """
    user = lock_user(user)
    require_password(user, password, field="password")
    if new_email == user.email:
        raise InvalidInput("new_email", "This is your address already.")
    _close(user, now=now)
    change = EmailChange.objects.create(
        user=user,
        old_email=user.email,
        new_email=new_email,
        created_at=now,
        expires_at=now + LIFETIMES[Purpose.CHANGE_EMAIL],
    )
    queue_mail(template="change_email_old", to=change.old_email, now=now, change_id=change.pk)
    queue_mail(template="change_email_new", to=change.new_email, now=now, change_id=change.pk)
    return change


@transaction.atomic
def confirm_email_change(*, token: str, now: datetime) -> EmailChange:
    """Confirm for the address that the token was sent to; the second of the two makes the change.

    Raises OneTimeTokenInvalid.
    """
    found = lock_token(token, purpose=Purpose.CHANGE_EMAIL, now=now)
    change = EmailChange.objects.filter(user=found.user, closed_at=None).first()
    if change is None or not change.is_open(at=now) or found.email not in {change.old_email, change.new_email}:
        raise OneTimeTokenInvalid
    found.used_at = now
    found.save(update_fields=["used_at"])
    if found.email == change.new_email:
        change.new_confirmed_at = now
    else:
        change.old_confirmed_at = now
    change.save(update_fields=["old_confirmed_at", "new_confirmed_at"])
    if change.old_confirmed_at and change.new_confirmed_at:
        _change(found.user, change, now=now)
    return change


def _change(user: User, change: EmailChange, *, now: datetime) -> None:
    """Tokens sent to the old address count no more: each is held to the address it was sent to.

    Raises OneTimeTokenInvalid where somebody has signed up with the new address meanwhile.
    """
    user.email = change.new_email
    user.email_verified_at = now
    try:
        with transaction.atomic():
            user.save(update_fields=["email", "email_verified_at"])
    except IntegrityError as error:
        raise OneTimeTokenInvalid from error
    _close(user, now=now)
    change.closed_at = now
    record_event("user.email_changed", user, at=now, organization_id=None)


def _close(user: User, *, now: datetime) -> None:
    EmailChange.objects.filter(user=user, closed_at=None).update(closed_at=now)
    spend_tokens(user=user, purpose=Purpose.CHANGE_EMAIL, now=now)
