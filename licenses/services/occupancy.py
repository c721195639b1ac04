"""Who holds seats just now, for display: no lock, no decision, and the record's word where Redis has none."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Count

from coditect.redis import RedisUnavailable
from licenses import leases
from licenses.models import License, SeatSession


def active_seats(licenses: Sequence[License]) -> dict[UUID, int]:
    """Seats held by each license's live sessions."""
    unended = SeatSession.objects.unended().filter(license__in=licenses).order_by()
    counts = dict(unended.values_list("license_id").annotate(count=Count("pk")))
    return {license.pk: _live_count(license, counts[license.pk]) if license.pk in counts else 0 for license in licenses}


def _live_count(license: License, unended: int) -> int:
    try:
        return min(leases.count(license), unended)
    except (RedisUnavailable, leases.Unseeded):
        return unended


def deadlines(sessions: Iterable[SeatSession]) -> dict[UUID, datetime]:
    """When each session runs out: an un-ended one by its lease, where Redis knows it."""
    by_license: dict[License, list[SeatSession]] = defaultdict(list)
    known: dict[UUID, datetime] = {}
    for session in sessions:
        known[session.pk] = session.ended_at or session.expires_at
        if session.ended_at is None:
            by_license[session.license].append(session)
    for license, unended in by_license.items():
        known |= _lease_deadlines(license, unended)
    return known


def _lease_deadlines(license: License, sessions: list[SeatSession]) -> dict[UUID, datetime]:
    try:
        found = leases.live(license)
    except (RedisUnavailable, leases.Unseeded):
        return {}
    return {session.pk: found[session.pk] for session in sessions if session.pk in found}


def live_sessions(license: License, *, now: datetime) -> list[SeatSession]:
    """Those who hold the license's seats, oldest first, each `expires_at` the present deadline."""
    sessions = list(SeatSession.objects.unended().filter(license=license).select_related("user").order_by("started_at"))
    for session in sessions:
        session.license = license
    present = deadlines(sessions)
    for session in sessions:
        session.expires_at = present[session.pk]
    return [session for session in sessions if session.expires_at > now]
