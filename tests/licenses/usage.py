"""What the tests of usage share: a record that grows as a real one does, and the figures counted from it by hand."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from uuid import UUID

from accounts.models import Membership
from coditect.journal.models import Event
from licenses import leases
from licenses.models import License, SeatSession
from licenses.services.periods import Span
from licenses.services.usage import Figures

# A Saturday: within four days a week and a month begin.
FIRST_DAY = datetime(2026, 3, 28, tzinfo=UTC)
DAYS = 4
LIVES = 6
TTL = timedelta(minutes=6)
MICROSECOND = timedelta(microseconds=1)
Reason = SeatSession.EndReason


@dataclass(kw_only=True)
class Life:
    """A session as it will have been; `lag`: how old its saved deadline grows, `late`: how long its commits take."""

    license: License
    user_id: UUID
    hardware_id: str
    started_at: datetime
    ended_at: datetime
    reason: str
    bound: datetime
    slot: int
    lag: timedelta = timedelta(0)
    late: timedelta = timedelta(0)
    row: SeatSession | None = None

    def write(self, *, at: datetime) -> None:
        """Bring the record to what it says at a moment."""
        if at < self.started_at + self.late or (self.row and self.row.ended_at):
            return
        self.row = self.row or SeatSession(
            id=leases.new_session_id(self.license.lease_group),
            license=self.license,
            user_id=self.user_id,
            hardware_id=self.hardware_id,
            slot=self.slot,
            started_at=self.started_at,
        )
        self.row.expires_at = min(self.bound, max(self.started_at + TTL, at - self.lag))
        if at >= self.ended_at + self.late:
            self.end()
        self.row.save()

    def end(self) -> None:
        """Its end, as it is written down."""
        assert self.row
        self.row.ended_at, self.row.end_reason = self.ended_at, self.reason
        if self.reason == Reason.EXPIRED:
            self.row.expires_at = self.bound
        elif self.reason == Reason.REVOKED and self.bound < self.ended_at + timedelta(days=1):
            self.row.revoke_at = self.bound


class Play:
    """Sessions and refusals of some licenses, made up from a seed; the record tells of them bit by bit."""

    def __init__(self, seed: int, licenses: list[License], users: list[UUID], *, pairs: int = 8) -> None:
        self.random = Random(seed)
        self.lives = [
            life
            for number in range(pairs)
            for life in islice(self._lives(self.random.choice(licenses), users[number % len(users)], number), LIVES)
        ]
        self.denials = [(self.random.choice(licenses), self.moment()) for _ in range(self.random.randint(0, 40))]

    def moment(self, *, before: float = 0, after: float = 0) -> datetime:
        """Some moment, often a round one; `before` and `after` widen the days by so many."""
        minutes = self.random.uniform(-before * 1440, (DAYS + after) * 1440)
        grain = self.random.choice([1, 10, 60, 1440, 0.0001])
        return FIRST_DAY + timedelta(minutes=round(minutes / grain) * grain)

    def _lives(self, license: License, user_id: UUID, number: int) -> Iterator[Life]:
        at, pick = self.moment(), self.random
        while at < FIRST_DAY + timedelta(days=DAYS):
            length = timedelta(minutes=pick.choice([0.001, 5, 60, 600, pick.uniform(0, 3000)]))
            reason = pick.choice(Reason.values)
            bound = ended_at = at + length
            if reason == Reason.EXPIRED:
                ended_at += timedelta(seconds=pick.choice([0, 30, 45, 20_000]))
            elif reason == Reason.REVOKED:
                ended_at += timedelta(seconds=pick.choice([-0.01, 0, 30, 20_000]))
                bound += timedelta(days=pick.choice([0, 0, 9]))
            else:
                bound += timedelta(minutes=pick.choice([-1, 6]))
            ended_at = max(ended_at, at)
            yield Life(
                license=license,
                user_id=user_id,
                # Machines are shared between users, and are not always the same.
                hardware_id=f"machine-{number // 4}-{pick.randint(0, 1)}",
                started_at=at,
                ended_at=ended_at,
                reason=reason,
                bound=bound,
                slot=number + 1,
                lag=timedelta(seconds=pick.choice([0, 15, 400, 9000])),
                late=timedelta(seconds=pick.choice([0, 0, 3, 200])),
            )
            at = ended_at + timedelta(minutes=pick.choice([0.1, 30, pick.uniform(4, 2000)]), seconds=200)

    def write(self, *, at: datetime) -> None:
        """Bring the record to what it says at a moment."""
        for life in self.lives:
            life.write(at=at)
        told = [denial for denial in self.denials if denial[1] <= at]
        self.denials = [denial for denial in self.denials if denial[1] > at]
        Event.objects.bulk_create(denial(license, at=when) for license, when in told)

    def leave(self, user_id: UUID, *, at: datetime) -> None:
        """A user's seats are taken back, and they never come again."""
        self.lives = [life for life in self.lives if life.user_id != user_id or life.row]
        for life in self.lives:
            if life.user_id == user_id and life.row and life.row.ended_at is None:
                life.ended_at, life.reason, life.bound, life.late = at, Reason.REVOKED, at, timedelta(0)
                life.end()
                life.row.save()


def denial(license: License, *, at: datetime) -> Event:
    """The record of a refusal."""
    return Event(type="license.seat.denied", at=at, subject_type="license", subject_id=license.pk)


def lifetimes(license: License) -> list[tuple[datetime, datetime, UUID, str]]:
    """From when to when each session of the record lived, whose it was and on which machine."""
    found = []
    for session in SeatSession.objects.filter(license=license):
        until = session.ended_at or session.expires_at
        if session.end_reason == Reason.EXPIRED:
            until = min(until, session.expires_at)
        if session.end_reason == Reason.REVOKED and session.revoke_at:
            until = min(until, session.revoke_at)
        since = max(session.started_at, license.transferred_at or session.started_at)
        found.append((since, until, session.user_id, session.hardware_id))
    return found


def counted_by_hand(license: License, span: Span) -> Figures:
    """The figures of a span, by looking at every session."""
    lived = [
        (max(since, span.since), min(until, span.until), user, machine)
        for since, until, user, machine in lifetimes(license)
        if since < span.until and until > span.since and since < until
    ]
    from_then = max(span.since, license.transferred_at or span.since)
    refused = Event.objects.filter(subject_id=license.pk, type="license.seat.denied")
    return Figures(
        span=span,
        # The most are alive at some instant at which one begins.
        peak=max((sum(a <= since < b for a, b, *_ in lived) for since, *_ in lived), default=0),
        seat_microseconds=sum((until - since) // MICROSECOND for since, until, *_ in lived),
        denials=refused.filter(at__gte=from_then, at__lt=span.until).count(),
        users=len({user for *_, user, _ in lived}),
        machines=len({machine for *_, machine in lived}),
    )


def hold(
    license: License, membership: Membership, *, since: datetime, until: datetime, machine: str = "machine"
) -> SeatSession:
    """A session that was released."""
    return SeatSession.objects.create(
        id=leases.new_session_id(license.lease_group),
        license=license,
        user=membership.user,
        hardware_id=machine,
        slot=1,
        started_at=since,
        expires_at=until,
        ended_at=until,
        end_reason=Reason.RELEASED,
    )
