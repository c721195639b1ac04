"""The log-ins that a user has open, and their end."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import LoginSession, User
from coditect.errors import NotFound
from coditect.journal.services import record_event


class LoginSessionNotFound(NotFound):
    """No such login session, one that has ended, or somebody else's: nothing tells them apart."""

    code = "session_not_found"
    message = "Session not found."


def end_login_session(*, user: User, login_session_id: UUID, now: datetime) -> None:
    """End one log-in: its refresh token and its access tokens are dead at once. Raises LoginSessionNotFound.

    Seats live on: a heartbeat asks for no more than a token that has not expired.
    """
    if not _end(user=user, now=now, only=login_session_id):
        raise LoginSessionNotFound


def end_login_sessions(*, user: User, now: datetime, keep: UUID | None = None) -> int:
    """End a user's log-ins, all but the one to `keep`, and return how many there were."""
    return _end(user=user, now=now, keep=keep)


@transaction.atomic
def _end(*, user: User, now: datetime, only: UUID | None = None, keep: UUID | None = None) -> int:
    sessions = LoginSession.objects.filter(user=user).live(at=now)
    if only is not None:
        sessions = sessions.filter(pk=only)
    if keep is not None:
        sessions = sessions.exclude(pk=keep)
    ended = sessions.update(revoked_at=now)
    if ended:
        record_event("user.logged_out", user, at=now, organization_id=None, data={"login_sessions": ended})
    return ended
