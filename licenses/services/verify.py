"""Were seats ever sold twice, and does Redis agree with the record? Answered from the record itself."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models.functions import Now

from coditect.redis import RedisUnavailable
from licenses import leases
from licenses.models import License, SeatSession, SeatVerification
from licenses.services.seats import LockedLicense

# Sessions only become more when one starts, so that is when the count is held against the seats sold at that instant;
# ends come first among equals, because a session that makes room ends in the transaction of the one that takes it.
OVERSOLD = """
WITH considered AS (
    SELECT license_id, started_at, ended_at FROM licenses_seatsession
    WHERE ended_at IS NULL OR ended_at >= COALESCE(%(since)s, '-infinity'::timestamptz)
), moves AS (
    SELECT license_id, started_at AS at, 1 AS step FROM considered
    UNION ALL SELECT license_id, ended_at, -1 FROM considered WHERE ended_at IS NOT NULL
), running AS (
    SELECT license_id, at, step,
           sum(step) OVER (PARTITION BY license_id ORDER BY at, step ROWS UNBOUNDED PRECEDING) AS held
    FROM moves
)
SELECT running.license_id, running.at, running.held, COALESCE(sold.seats, 0)
FROM running LEFT JOIN LATERAL (
    SELECT seats FROM license_seat_change change
    WHERE change.license_id = running.license_id AND change.at <= running.at
    ORDER BY change.at DESC, change.id DESC LIMIT 1
) sold ON true
WHERE running.step = 1 AND running.held > COALESCE(sold.seats, 0)
ORDER BY running.at
"""


@dataclass(frozen=True, kw_only=True)
class Oversold:
    """A license that had more live sessions than seats when one of them started."""

    license_id: UUID
    at: datetime
    held: int
    seats: int


@dataclass(kw_only=True)
class Verification:
    """What a check found; sessions without a lease and leases without a session are counted by license."""

    oversold: list[Oversold] = field(default_factory=list)
    licenses: int = 0
    without_lease: dict[UUID, int] = field(default_factory=dict)
    without_session: dict[UUID, int] = field(default_factory=dict)
    unseeded: int = 0
    is_redis_away: bool = False

    @property
    def is_sound(self) -> bool:
        """Whether no seat was ever sold twice."""
        return not self.oversold


def verify_seats(*, repair: bool = False, since: datetime | None = None) -> Verification:
    """Hold the record against the seats sold (sessions that ended before `since` left out), and Redis against it.

    With `repair`, sessions without a lease get one, and leases without a session are removed.
    """
    found = Verification(oversold=find_oversold(since=since))
    # tenancy: the proof is of all licenses
    with_sessions = SeatSession.objects.unended().order_by("license_id").values_list("license_id", flat=True)
    for license_id in with_sessions.distinct():
        _compare(license_id, found, repair=repair)
    SeatVerification.objects.update_or_create(pk=1, defaults={"at": Now(), "oversold": len(found.oversold)})
    return found


def find_oversold(*, since: datetime | None = None) -> list[Oversold]:
    """Every instant at which a license had more live sessions than seats."""
    with connection.cursor() as cursor:
        cursor.execute(OVERSOLD, {"since": since})
        return [
            Oversold(license_id=license_id, at=at, held=held, seats=seats)
            for license_id, at, held, seats in cursor.fetchall()
        ]


@transaction.atomic
def _compare(license_id: UUID, found: Verification, *, repair: bool) -> None:
    """Compare one license under its lock, so that nothing moves in between."""
    locked = LockedLicense.take(License.objects.filter(pk=license_id))
    if locked is None:
        return
    found.licenses += 1
    sessions = locked.unended()
    try:
        leased = leases.known(locked.license)
    except leases.Unseeded:
        found.unseeded += 1
        leased = set()
    except RedisUnavailable:
        found.is_redis_away = True
        return
    recorded = {session.pk for session in sessions}
    if missing := recorded - leased:
        found.without_lease[license_id] = len(missing)
    if orphans := leased - recorded:
        found.without_session[license_id] = len(orphans)
    if repair:
        locked.ask(lambda: leases.survey(locked.license, sessions, now=locked.now))
        locked.ask(lambda: leases.remove(locked.license, orphans, used_seats=locked.used, now=locked.now))
