"""Somebody is shut out, and let in again."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.services.api_tokens import revoke_api_tokens
from accounts.services.logins import end_login_sessions
from coditect.journal.services import record_event


@transaction.atomic
def deactivate_user(*, user: User, now: datetime) -> None:
    """Shut a user out: log-ins and API tokens end at once, and licensing takes their seats.

    Doing it twice is the same as once.
    """
    if not _set_active(user, is_active=False):
        return
    end_login_sessions(user=user, now=now)
    revoke_api_tokens(user=user, now=now)
    record_event("user.deactivated", user, at=now, organization_id=None)


@transaction.atomic
def reactivate_user(*, user: User, now: datetime) -> None:
    """Let a user log in again; what ended with their deactivation stays ended."""
    if _set_active(user, is_active=True):
        record_event("user.reactivated", user, at=now, organization_id=None)


def _set_active(user: User, *, is_active: bool) -> bool:
    """Whether that changed anything; of two who try at once, one does."""
    user.is_active = is_active
    return bool(User.objects.filter(pk=user.pk, is_active=not is_active).update(is_active=is_active))
