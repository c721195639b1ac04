"""A seat is given back, or taken back."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from accounts.models import Membership
from licenses.models import License, SeatSession
from licenses.services.heartbeat import SessionNotFound
from licenses.services.seats import LockedLicense


@dataclass(frozen=True, kw_only=True)
class ReleasedSeat:
    """A session that has ended, and how many seats are free now."""

    session: SeatSession
    seats_remaining: int


@transaction.atomic
def release_seat(*, membership: Membership, session_id: UUID) -> ReleasedSeat:
    """End a session and free its seat at once. Releasing twice is the same as once.

    An administrator who ends another's session revokes it, and its holder is told so. Raises SessionNotFound.
    """
    visible = SeatSession.objects.for_member(membership).filter(pk=session_id)
    session = visible.first()
    if session is None:
        raise SessionNotFound
    is_own = session.user_id == membership.user_id
    reason = SeatSession.EndReason.RELEASED if is_own else SeatSession.EndReason.REVOKED
    return end_session(session_id=session_id, reason=reason)


@transaction.atomic
def end_session(*, session_id: UUID, reason: SeatSession.EndReason) -> ReleasedSeat:
    """End a session for a reason, unless it has ended already. Raises SessionNotFound."""
    locked = LockedLicense.take(License.objects.filter(sessions=session_id))
    if locked is None:
        raise SessionNotFound
    session = SeatSession.objects.get(license=locked.license, pk=session_id)
    if session.ended_at is None:
        locked.end([session], reason)
    return ReleasedSeat(session=session, seats_remaining=locked.seats_remaining)
