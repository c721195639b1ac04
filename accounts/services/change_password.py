"""Changing the password that one knows."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from accounts.services.passwords import replace_password
from coditect.errors import InvalidInput
from coditect.journal.services import record_event


@transaction.atomic
def change_password(
    *, user: User, current_password: str, new_password: str, login_session_id: UUID, now: datetime
) -> None:
    """Set a new password and end the user's other log-ins.

    Raises InvalidInput, for a wrong current password too: a 401 would make clients refresh their token and try again.
    """
    user = lock_user(user)
    require_password(user, current_password, field="current_password")
    replace_password(user=user, password=new_password, now=now, keep=login_session_id)
    record_event("user.password_changed", user, at=now, organization_id=None)


def lock_user(user: User) -> User:
    """The user as they are now, not to change until the transaction ends."""
    return User.objects.select_for_update().get(pk=user.pk)


def require_password(user: User, password: str, *, field: str) -> None:
    """Whoever has found an open log-in must not take the account over. Raises InvalidInput."""
    if not user.check_password(password):
        raise InvalidInput(field, "This is not your password.")
