"""A machine keeps its seat. Redis may say yes; only the database may say no."""

from datetime import datetime
from uuid import UUID

from django.db import OperationalError, transaction
from django.db.models import Exists, OuterRef

from accounts.models import ApiToken
from accounts.services.api_tokens import use_api_token
from coditect.errors import DomainError, NotFound
from coditect.redis import RedisUnavailable
from licenses import leases
from licenses.leases import Beat
from licenses.models import License, SeatSession
from licenses.services.acquire import HeldSeat
from licenses.services.seats import LockedLicense


class SessionNotFound(NotFound):
    """No such session, or not the caller's."""

    code = "session_not_found"
    message = "Session not found."


class SessionExpired(NotFound):
    """The session ran out and its seat was given up."""

    code = "session_expired"
    message = "The session has expired. Acquire a seat again."


class SessionReleased(NotFound):
    """The session was released."""

    code = "session_released"
    message = "The session was released."


class SeatRevoked(NotFound):
    """An administrator, a smaller plan or the end of a membership took the seat."""

    code = "seat_revoked"
    message = "The seat was revoked."


ENDINGS: dict[str, type[NotFound]] = {
    SeatSession.EndReason.EXPIRED: SessionExpired,
    SeatSession.EndReason.RELEASED: SessionReleased,
    SeatSession.EndReason.REVOKED: SeatRevoked,
}


def beat_from_lease(*, session_id: UUID, user_id: UUID) -> Beat | None:
    """Renew a seat in one round trip to Redis; None where Redis cannot tell. Raises BeatLimited.

    A beat that says `is_revoking` was not renewed: only the database knows whether the mark was committed.
    """
    try:
        return leases.beat(session_id, user_id=user_id)
    except RedisUnavailable:
        return None


def use_api_token_to_beat(text: str, *, session_id: UUID, now: datetime) -> tuple[ApiToken, bool]:
    """The API token, and whether its organization has the session's license, whose group the id carries: one SELECT.

    Raises TokenInvalid, TokenExpired, TokenRevoked.
    """
    # tenancy: the session's id names its license, and only the token's own organization may have it
    licenses = License.objects.filter(lease_group=leases.group_of(session_id), organization=OuterRef("organization"))
    # tenancy: the token itself says which organization it opens
    token = use_api_token(text, now=now, among=ApiToken.objects.annotate(reaches_session=Exists(licenses)))
    return token, bool(vars(token)["reaches_session"])


def beat_from_record(*, session_id: UUID, user_id: UUID, marked: Beat | None = None) -> HeldSeat | Beat:
    """Renew a seat under the license lock: any session that has not ended is welcome, however late it comes.

    `marked` is what Redis said of a session that is being revoked, and the answer where the database is away.
    Raises SessionNotFound, SessionExpired, SessionReleased, SeatRevoked; after the commit, since an end may be found.
    """
    try:
        outcome = _decide(session_id=session_id, user_id=user_id)
    except OperationalError:
        if marked is None:
            raise
        return marked
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


@transaction.atomic
def _decide(*, session_id: UUID, user_id: UUID) -> HeldSeat | DomainError:
    own = SeatSession.objects.filter(pk=session_id, user_id=user_id)  # tenancy: a seat is its holder's own
    locked = LockedLicense.take(License.objects.filter(sessions__in=own))
    if locked is None:
        raise SessionNotFound
    return _renew(locked, own.get())


def _renew(locked: LockedLicense, session: SeatSession) -> HeldSeat | DomainError:
    may_not_last = session.revoke_at or not locked.license.is_usable(at=locked.now)
    if session.ended_at is None and may_not_last and locked.dead_among([session]):
        locked.end_expired([session])
    if session.ended_at is not None:
        return ENDINGS[session.end_reason]()
    locked.extend(session)
    return HeldSeat(session=session, license=locked.license, seats_remaining=locked.seats_remaining, at=locked.now)
