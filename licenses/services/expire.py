"""What keeps the record timely: dead sessions are ended and live ones' deadlines saved, without being asked.

No seat depends on it: an acquire ends what is dead by itself, from the first millisecond on.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from coditect.redis import RedisUnavailable
from licenses import leases
from licenses.models import License, SeatSession
from licenses.services.repair import note_redis_use, repair_leases
from licenses.services.seats import LockedLicense

BATCH = 5000
# Ordered by id and skipping what others hold: the sweep waits for nobody, so it can take part in no deadlock.
SAVE_DEADLINES = """
WITH lease AS (SELECT * FROM unnest(%s::uuid[], %s::timestamptz[]) AS lease (id, deadline)),
free AS (
    SELECT session.id FROM licenses_seatsession session JOIN lease USING (id)
    WHERE session.ended_at IS NULL ORDER BY session.id FOR NO KEY UPDATE OF session SKIP LOCKED
)
UPDATE licenses_seatsession session SET expires_at = GREATEST(session.expires_at, lease.deadline)
FROM lease JOIN free USING (id) WHERE session.id = lease.id
"""


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """What one sweep did."""

    saved: int
    expired: int
    repaired: int


def sweep_sessions() -> Sweep:
    """Repair what an outage left, save deadlines that moved on, and end sessions dead for 30 s. Safe to run twice."""
    repaired = repair_leases()
    saved, last = 0, UUID(int=0)
    while past := _past_deadlines(after=last):
        saved += _save_deadlines(past)
        last = past[-1].pk
    note_redis_use()
    expired = sum(_expire_sessions_of(license_id) for license_id in _licenses_with_dead())
    return Sweep(saved=saved, expired=expired, repaired=repaired)


def _past_deadlines(*, after: UUID) -> list[SeatSession]:
    """A batch of sessions whose saved deadline is past: alive in Redis, or dead."""
    # tenancy: the sweep serves every organization
    past = SeatSession.objects.unended().filter(expires_at__lte=Now(), pk__gt=after)
    return list(past.select_related("license").order_by("pk")[:BATCH])


def _save_deadlines(past: list[SeatSession]) -> int:
    by_license: dict[UUID, list[SeatSession]] = defaultdict(list)
    for session in past:
        by_license[session.license_id].append(session)
    alive: dict[UUID, datetime] = {}
    for sessions in by_license.values():
        alive |= _live_leases(sessions)
    if alive:
        with connection.cursor() as cursor:
            cursor.execute(SAVE_DEADLINES, [list(alive), list(alive.values())])
    return len(alive)


def _live_leases(sessions: list[SeatSession]) -> dict[UUID, datetime]:
    try:
        found = leases.live(sessions[0].license)
    except (RedisUnavailable, leases.Unseeded):
        return {}
    return {session.pk: found[session.pk] for session in sessions if session.pk in found}


def _licenses_with_dead() -> list[UUID]:
    grace = timedelta(seconds=settings.SEAT_RECORD_GRACE_SECONDS)
    # tenancy: the sweep serves every organization
    overdue = SeatSession.objects.unended().filter(expires_at__lte=Now() - grace)
    return list(overdue.order_by("license_id").values_list("license_id", flat=True).distinct())


@transaction.atomic
def _expire_sessions_of(license_id: UUID) -> int:
    """End a license's long dead sessions; a license that is busy just now gets its turn next time."""
    locked = LockedLicense.take(License.objects.filter(pk=license_id), skip_locked=True)
    if locked is None:
        return 0
    overdue = locked.now - timedelta(seconds=settings.SEAT_RECORD_GRACE_SECONDS)
    sessions = SeatSession.objects.unended().filter(license=locked.license, expires_at__lte=overdue).order_by("pk")
    dead = locked.dead_among(list(sessions))
    locked.end_expired(dead)
    return len(dead)
