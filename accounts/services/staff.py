"""What the staff of the service changes about people in the console, written down."""

from collections.abc import Iterable
from datetime import datetime

from accounts.models import User
from coditect.journal.services import record_event

RIGHTS = ("is_staff", "is_superuser")


def note_created(*, user: User, now: datetime) -> None:
    """Write down that somebody made a user."""
    rights = {name: getattr(user, name) for name in RIGHTS}
    record_event("user.created", user, at=now, organization_id=None, data=rights)


def note_changed(*, user: User, fields: Iterable[str], now: datetime) -> None:
    """Write down which fields of a user changed, and rights with what they are now."""
    changed = sorted(fields)
    rights = {name: getattr(user, name) for name in RIGHTS if name in changed}
    if rights:
        record_event("user.rights_changed", user, at=now, organization_id=None, data=rights)
    others = [name for name in changed if name not in {*RIGHTS, "is_active"}]
    if others:
        record_event("user.updated", user, at=now, organization_id=None, data={"fields": others})


def note_password_set(*, user: User, now: datetime) -> None:
    """Write down that somebody else chose a user's password."""
    record_event("user.password_set", user, at=now, organization_id=None)
