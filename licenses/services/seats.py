"""A license under its row lock: the one place from which seats are given and taken.

Postgres decides, Redis remembers who is alive. Every function here needs an open transaction that keeps the lock.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import connection

from accounts.models import Role
from coditect.journal.catalogue import moment
from coditect.journal.services import record_event
from coditect.redis import RedisUnavailable
from licenses import leases
from licenses.events import SeatData
from licenses.models import LeaseRepair, License, LicenseQuerySet, SeatSession

Answer = TypeVar("Answer")
# Longer than any process may be late with a note: that it used Redis, or that the database's clock has stepped.
NOTE_MARGIN = timedelta(seconds=10)
# How old the note of Redis's last use may be when a promise is made; as often every process refreshes it.
NOTE_SECONDS = 5.0
# Also back, where the database's clock was: a note that stood still until then would be taken for silence.
NOTE = """
INSERT INTO licenses_redisnote (id, seen_at) VALUES (1, clock_timestamp())
ON CONFLICT (id) DO UPDATE SET seen_at = clock_timestamp()
"""
NOTE_STEP = "UPDATE licenses_redisnote SET stepped_at = clock_timestamp() WHERE id = 1"
NOTE_WATCH = "UPDATE licenses_redisnote SET watched_at = clock_timestamp() WHERE id = 1"
CLOCK = """
SELECT clock_timestamp(), note.seen_at, note.stepped_at, note.watched_at
FROM (SELECT 1) AS here LEFT JOIN licenses_redisnote note ON note.id = 1
"""
# A renewal under the lock is saved where the record would otherwise fall behind the promise by this much.
RECORD_LAG = timedelta(seconds=1)
END_EVENTS = {
    SeatSession.EndReason.RELEASED: "license.seat.released",
    SeatSession.EndReason.EXPIRED: "license.seat.expired",
    SeatSession.EndReason.REVOKED: "license.seat.revoked",
}
SITUATION = """
WITH unended AS (
    SELECT id, slot, user_id, hardware_id, revoke_at
    FROM licenses_seatsession WHERE license_id = %(license)s AND ended_at IS NULL
)
SELECT clock_timestamp(), note.seen_at, note.stepped_at, note.watched_at,
       (SELECT count(*) FROM unended),
       (SELECT count(*) FROM unended WHERE revoke_at IS NOT NULL),
       (SELECT candidate FROM generate_series(1, %(seats)s) AS candidate
        WHERE candidate NOT IN (SELECT slot FROM unended) ORDER BY candidate LIMIT 1),
       (SELECT id FROM unended WHERE user_id = %(user)s AND hardware_id = %(hardware)s),
       EXISTS (SELECT 1 FROM accounts_membership place JOIN accounts_user holder ON holder.id = place.user_id
               WHERE place.user_id = %(user)s AND place.organization_id = %(organization)s
               AND place.role <> %(viewer)s AND holder.is_active)
FROM (SELECT 1) AS here LEFT JOIN licenses_redisnote note ON note.id = 1
"""


def ttl() -> timedelta:
    """How long a heartbeat keeps a seat."""
    return timedelta(seconds=settings.SEAT_TTL_SECONDS)


def longest_promise() -> timedelta:
    """After so long, whatever was promised before is over, and every process has heard what happened before."""
    return ttl() + NOTE_MARGIN


def write_redis_note() -> None:
    """Write down that Redis was used just now: while notes come, it is not away for everybody."""
    _note(NOTE)


def watch_clock() -> None:
    """Read the database's clock and the notes: only who keeps watching may conclude from silence that all are dead.

    Who sees the clock step writes it down for those that cannot: processes that have only just started.
    """
    _hear(CLOCK)
    leases.memory.tell_step(lambda: _note(NOTE_STEP))
    _note(NOTE_WATCH)


def _note(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _hear(statement: str, values: dict[str, Any] | None = None) -> Sequence[Any]:
    """The one row of a statement that begins with the clock and the notes, all of which are heard."""
    asked_at = leases.monotonic_ms()
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        now, *row = cursor.fetchone()
    notes, others = leases.Notes(*row[:3]), row[3:]
    leases.memory.heard_database(now, asked_at=asked_at, notes=notes)
    return now, notes.seen_at, *others


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Who asks for a seat: a user at a machine."""

    user_id: UUID
    hardware_id: str


class LockedLicense:
    """A license whose row lock we hold, and its seats as of `now`, the database's clock after the lock was had."""

    now: datetime
    used: int
    marked: int
    free_slot: int | None
    own_session_id: UUID | None
    # Whether the machine's user may hold seats of this license, also now that the lock is had.
    is_welcome: bool

    def __init__(self, license: License, machine: Machine | None) -> None:
        self.license = license
        self._machine = machine
        self.look()

    @classmethod
    def take(
        cls, licenses: LicenseQuerySet, machine: Machine | None = None, *, skip_locked: bool = False
    ) -> "LockedLicense | None":
        """Lock the one license that a query finds; None where it finds none (or, to skip, one that is locked)."""
        license = licenses.order_by("pk").locked(skip_locked=skip_locked).first()
        return cls(license, machine) if license else None

    def look(self) -> None:
        """Read the seats, in a statement of its own: one that waited for the lock would see them as they were."""
        machine = self._machine
        values = {
            "license": self.license.pk,
            "seats": self.license.seats_in_force,
            "user": machine.user_id if machine else None,
            "hardware": machine.hardware_id if machine else None,
            "organization": self.license.organization_id,
            "viewer": Role.VIEWER,
        }
        situation = _hear(SITUATION, values)
        self.now, seen_at, self.used, self.marked, self.free_slot, self.own_session_id, self.is_welcome = situation
        self._note_age = self.now - seen_at if seen_at else None

    @property
    def seats_remaining(self) -> int:
        """Seats that nobody holds; never negative."""
        return max(0, self.license.seats_in_force - self.used)

    @property
    def is_full(self) -> bool:
        """Whether every seat is taken."""
        return self.used >= self.license.seats_in_force

    def unended(self) -> list[SeatSession]:
        """All sessions that count against the license, oldest first."""
        return list(SeatSession.objects.unended().filter(license=self.license).order_by("started_at", "id"))

    def extend(self, session: SeatSession) -> datetime:
        """Renew a session and return what it is promised; one marked for revocation keeps what it has."""
        used = self.used
        promise = self.ask(lambda: leases.grant(self.license, session, used_seats=used, now=self.now))
        lag = RECORD_LAG
        if promise is None:
            promise, lag = min(session.revoke_at or self.deadline(), self.deadline()), timedelta(0)
        elif self._note_age is None or abs(self._note_age.total_seconds()) > NOTE_SECONDS:
            write_redis_note()
        if promise > session.expires_at + lag:
            SeatSession.objects.filter(pk=session.pk).update(expires_at=promise)
        session.expires_at = promise
        return promise

    @property
    def none_dead_until(self) -> datetime:
        """When each promise is over that was made before the database's clock last stepped; now, if it is already.

        Redis's clock may have stepped with it, as where both run on one machine, and then every lease looks past.
        """
        return self.now + leases.memory.steady_in(longest_promise())

    def deadline(self) -> datetime:
        """What a renewal now may promise: one TTL, but not beyond the license's own end."""
        deadline = self.now + ttl()
        return min(deadline, self.license.expires_at) if self.license.expires_at else deadline

    def dead_among(self, sessions: Sequence[SeatSession]) -> list[SeatSession]:
        """Those provably dead: past in the database and, where a lease is there, past in Redis too.

        A missing lease proves nothing. Without Redis, only its silence for longer than any promise does. Nobody is
        dead before `none_dead_until`.
        """
        past = [session for session in sessions if session.expires_at <= self.now]
        if not past or self.none_dead_until > self.now:
            return []
        found = self.ask(lambda: leases.survey(self.license, past, now=self.now))
        if found is None:
            return past if leases.memory.saw_silence_for(longest_promise()) else []
        return [session for session, lease in zip(past, found, strict=True) if lease.is_past]

    def end_dead(self) -> None:
        """End every provably dead session, so that its seat is free now and not when a worker comes by."""
        past = SeatSession.objects.unended().filter(license=self.license, expires_at__lte=self.now)
        dead = self.dead_among(list(past.order_by("id")))
        if dead:
            self.end_expired(dead)
            self.look()

    def end_expired(self, sessions: Sequence[SeatSession]) -> None:
        """End dead sessions: those that were being revoked as revoked, the others as expired."""
        reasons = SeatSession.EndReason
        self.end([session for session in sessions if session.revoke_at], reasons.REVOKED)
        self.end([session for session in sessions if not session.revoke_at], reasons.EXPIRED)

    def end(self, sessions: Sequence[SeatSession], reason: SeatSession.EndReason) -> None:
        """End sessions, each with its event; leases go first, so that no crash leaves one that outlives its row."""
        if not sessions:
            return
        self.used -= len(sessions)
        used = self.used
        ids = [session.pk for session in sessions]
        if not self.ask(lambda: leases.remove(self.license, ids, used_seats=used, now=self.now)):
            self.repair_later()
        SeatSession.objects.filter(license=self.license, pk__in=ids).update(ended_at=self.now, end_reason=reason)
        for session in sessions:
            session.ended_at, session.end_reason = self.now, reason
            record_seat_event(END_EVENTS[reason], session, self)

    def describe(self) -> bool:
        """Tell Redis what the license is now: its seats, and its own end. False while it is away."""
        used = self.used
        return bool(self.ask(lambda: leases.describe(self.license, used_seats=used, now=self.now)))

    def repair_later(self) -> None:
        """Have the leases written anew once Redis is back."""
        LeaseRepair.objects.bulk_create([LeaseRepair(license=self.license, at=self.now)], ignore_conflicts=True)

    def ask(self, action: Callable[[], Answer]) -> Answer | None:
        """What Redis answers, its leases written anew where it lost them; None while it is away."""
        try:
            try:
                return action()
            except leases.Unseeded:
                self.now, _ = _hear(CLOCK)
                leases.seed(self.license, self.unended(), now=self.now)
                return action()
        except (RedisUnavailable, leases.Unseeded):
            return None


def record_seat_event(event_type: str, session: SeatSession, locked: LockedLicense) -> None:
    """Write down what happened to a seat."""
    license = locked.license
    data = SeatData(
        session_id=str(session.pk),
        license_id=str(license.pk),
        user_id=str(session.user_id),
        hardware_id=session.hardware_id,
        started_at=moment(session.started_at),
        max_seats=license.max_seats,
        seats_remaining=locked.seats_remaining,
    )
    record_event(event_type, session, at=locked.now, organization_id=license.organization_id, data=data)
