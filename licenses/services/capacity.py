"""The seat count changes; nobody who was promised a seat loses it before the promise ends."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from licenses import leases
from licenses.models import License, SeatChange, SeatSession, SeatSessionQuerySet
from licenses.services.facts import record_update
from licenses.services.seats import LockedLicense


@transaction.atomic
def change_seats(*, license_id: UUID, seats: int) -> License:
    """Sell a license more or fewer seats; the newest surplus sessions are no longer renewed."""
    locked = LockedLicense.take(License.objects.filter(pk=license_id))
    if locked is None:
        raise License.DoesNotExist
    license = locked.license
    if seats == license.max_seats:
        return license
    previous, license.max_seats = license.max_seats, seats
    license.save(update_fields=["max_seats"])
    put_seats_in_force(locked)
    record_update(license, at=locked.now, max_seats=previous)
    return license


def put_seats_in_force(locked: LockedLicense) -> None:
    """Hold the sessions against the seats that the license has from now on, and write those down."""
    SeatChange.objects.create(license=locked.license, at=locked.now, seats=locked.license.seats_in_force)
    mark_surplus(locked)
    _unmark_fitting(locked)


def mark_surplus(locked: LockedLicense) -> None:
    """Mark the newest sessions above the seats in force; while Redis is away their promises are unknown, so later."""
    surplus = locked.used - locked.marked - locked.license.seats_in_force
    if surplus <= 0:
        return
    newest = _unended(locked, is_marked=False).order_by("-started_at", "-id")[:surplus]
    sessions = list(newest)
    used = locked.used
    ends = locked.ask(lambda: leases.mark(locked.license, sessions, used_seats=used, now=locked.now))
    if ends is None:
        locked.repair_later()
        return
    for session, end in zip(sessions, ends, strict=True):
        session.revoke_at = end
    SeatSession.objects.bulk_update(sessions, ["revoke_at"])
    locked.marked += len(sessions)


def _unmark_fitting(locked: LockedLicense) -> None:
    """Renew again the oldest marked sessions that fit now.

    Redis is told the new count before the marks are lifted in the record: were its leases written anew without them and
    the COMMIT to fail, it would renew what is still marked. It lifts a mark when the session's next heartbeat asks.
    """
    locked.describe()
    room = max(0, locked.license.seats_in_force - (locked.used - locked.marked))
    oldest: Sequence[SeatSession] = list(_unended(locked, is_marked=True).order_by("started_at", "id")[:room])
    ids = [session.pk for session in oldest]
    SeatSession.objects.filter(license=locked.license, pk__in=ids).update(revoke_at=None)
    locked.marked -= len(oldest)


def _unended(locked: LockedLicense, *, is_marked: bool) -> SeatSessionQuerySet:
    sessions = SeatSession.objects.unended().filter(license=locked.license)
    return sessions.filter(revoke_at__isnull=not is_marked)
