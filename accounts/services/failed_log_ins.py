"""Log-ins that failed, written down: by the account's id, and for strangers by a stand-in that tells no address."""

from datetime import datetime
from uuid import UUID

from accounts import secrets
from accounts.models import User
from coditect.journal.services import record_event

FAILED = "user.log_in_failed"
CONSOLE_FAILED = "console.log_in_failed"


def note_failed_log_in(*, email: str, user: User | None, reason: str, now: datetime, event_type: str = FAILED) -> None:
    """Write down that somebody tried in vain; `reason` names what was wrong, never what was typed.

    The same work whether or not the account exists.
    """
    subject = user or User(pk=_stand_in(email))
    record_event(
        event_type, subject, at=now, organization_id=None, data={"reason": reason, "is_known": user is not None}
    )


def _stand_in(email: str) -> UUID:
    """An id by which tries at the same unknown address are told from others, and from which nobody gets it back."""
    return UUID(secrets.keyed_hash("stranger", email)[:32])
