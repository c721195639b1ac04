"""A license under its lock, as `licenses.services.seats.LockedLicense` has it; Redis is asked through the product."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from coditect.redis import RedisUnavailable
from licenses.services.seats import NOTE_SECONDS, RECORD_LAG, longest_promise, ttl
from tests.seats.simulation.postgres import License, PostgresAway, Session, Transaction
from tests.seats.simulation.process import Process
from tests.seats.simulation.product import leases
from tests.seats.simulation.world import SECOND

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a client is told; `until` and `retry_at` in true time, as durations are."""

    status: int
    pk: UUID | None = None
    until: int = 0
    decided_at: int = 0
    is_revoking: bool = False
    # Told by Redis alone while the database was away, of a mark that may not have been committed: nothing is renewed.
    is_unsure: bool = False
    retry_at: int = 0
    denial: int = 0


class Refused(Exception):
    """Only a mutant raises its refusal inside the transaction."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


UNAVAILABLE = Answer(status=503)
DONE = Answer(status=200)


class Locked:
    """The rows of one license, what Redis says of them, and what is written about both."""

    def __init__(self, process: Process, tx: Transaction, license: License) -> None:
        self.process, self.tx, self.license = process, tx, license
        self.postgres, self.world, self.rules = process.postgres, process.world, process.rules
        self.referee = self.postgres.referee
        self.seats = license.max_seats
        self.saw_redis: bool | None = None
        self.is_in_doubt = False
        self.faults = self.world.faults

    def look(self) -> None:
        """Read the clock and the seats."""
        self._look_at_clock()
        self.rows = self.tx.unended(self.license)
        note = self.postgres.note
        self.note_age = self.now - note if note else None

    def _look_at_clock(self) -> None:
        asked_at = self.world.now
        self.tx.statement()
        self.now = self.postgres.now()
        self.looked_at = self.world.now
        if not self.rules.postgres_clock:
            self.now += timedelta(milliseconds=self.process.wall_clock)
        self.process.hear_database(self.now, asked_at=asked_at)

    @property
    def used(self) -> int:
        return len(self.rows)

    @property
    def marked(self) -> int:
        return sum(row.revoke_at is not None for row in self.rows)

    def true_time(self, at: datetime) -> int:
        """A moment of the database's clock in true time."""
        return self.looked_at + round((at - self.now).total_seconds() * SECOND)

    def deadline(self) -> datetime:
        deadline = self.now + ttl()
        return min(deadline, self.license.expires_at) if self.license.expires_at else deadline

    def extend(self, row: Session) -> Answer:
        """Renew a session; one marked for revocation keeps what it has."""
        promise = self.ask(lambda: leases.grant(self.license, row, used_seats=self.used, now=self.now))
        lag = RECORD_LAG
        if promise is None:
            promise, lag = min(row.revoke_at or self.deadline(), self.deadline()), timedelta(0)
            self.referee.renewed_without_redis(row.pk, self.true_time(promise))
        elif self.rules.grant_renews_note and self._is_note_stale():
            self.tx.statement()
            self.tx.note = self.rules.next_note(self.postgres.note, self.postgres.now())
        if promise > row.expires_at + lag and self.rules.grant_renews_note:
            self.tx.statement()
            row = self.tx.edit(row)
            row.expires_at = promise
        return Answer(
            status=200,
            pk=row.pk,
            until=self.true_time(promise),
            decided_at=self.looked_at,
            is_revoking=row.revoke_at is not None,
        )

    def _is_note_stale(self) -> bool:
        return self.note_age is None or abs(self.note_age.total_seconds()) > NOTE_SECONDS

    def none_dead_until(self) -> datetime:
        """When each promise is over that was made before the database's clock last stepped."""
        rule = self.rules.none_dead_after_a_step
        return self.now + self.process.memory.steady_in(longest_promise()) if rule else self.now

    def dead_among(self, rows: Iterable[Session]) -> list[Session]:
        """Those provably dead: past in the database and, where a lease is there, past in Redis too."""
        both = self.rules.death_needs_both_deadlines
        past = [row for row in rows if row.expires_at <= self.now]
        if not past:
            return []
        if not both:
            return past
        self.is_in_doubt = self.none_dead_until() > self.now
        if self.is_in_doubt:
            return []
        found = self.ask(lambda: leases.survey(self.license, past, now=self.now))
        if found is None:
            return past if self._is_redis_silent() else []
        return [row for row, lease in zip(past, found, strict=True) if lease.is_past]

    def _is_redis_silent(self) -> bool:
        if not self.rules.positive_note:
            away_since = self.process.away_since
            return away_since is not None and self.world.now - away_since > longest_promise().total_seconds() * SECOND
        if not self.rules.watch_before_judging:
            return self.note_age is not None and self.note_age > longest_promise()
        return self.process.memory.saw_silence_for(longest_promise())

    def end_dead(self) -> None:
        dead = self.dead_among(self.rows)
        if dead:
            self.end_expired(dead)
            self.look()

    def end_expired(self, rows: Iterable[Session]) -> None:
        for row in rows:
            self.end([row], "revoked" if row.revoke_at else "expired")

    def end(self, rows: list[Session], reason: str) -> None:
        """End sessions; their leases go first."""
        if not rows:
            return
        pks = [row.pk for row in rows]
        self.rows = [row for row in self.rows if row.pk not in pks]

        def remove() -> bool:
            return bool(leases.remove(self.license, pks, used_seats=self.used, now=self.now))

        if not self.rules.lease_removed_before_commit:
            self.after_commit = remove
        elif not self.ask(remove):
            self.repair_later()
        self.tx.statement()
        for row in rows:
            edited = self.tx.edit(row)
            edited.ended_at, edited.end_reason = self.now, reason

    after_commit: Callable[[], bool] | None = None

    def repair_later(self) -> None:
        if self.rules.lease_repair:
            self.tx.repairs.add(self.license.pk)

    def ask(self, action: Callable[[], Result]) -> Result | None:
        """What Redis answers, its leases written anew where it lost them; None while it is away."""
        try:
            try:
                result = action()
            except leases.Unseeded:
                self._look_at_clock()
                self.tx.statement()
                leases.seed(self.license, self.tx.unended(self.license), now=self.now)
                result = action()
        except (RedisUnavailable, leases.Unseeded):
            self.saw_redis = False
            return None
        if self.saw_redis is None:
            self.saw_redis = True
        return result

    def glance(self, action: Callable[[], Result]) -> Result | None:
        """The same of a script that changes nothing and checks less: what it saw excuses nobody."""
        saw_redis = self.saw_redis
        result = self.ask(action)
        self.saw_redis = saw_redis if result is not None else False
        return result


def locked(
    process: Process,
    license: License,
    decide: Callable[[Locked], Answer],
    *,
    skip_locked: bool = False,
    take_lock: bool = True,
) -> Answer:
    """Decide about one license in one transaction under its lock; a refusal is returned after the COMMIT."""
    tx = Transaction(process.postgres)
    try:
        case = Locked(process, tx, license)
        if not process.rules.read_after_lock:
            case.look()
        if not (process.rules.license_lock and take_lock):
            tx.license = license
        elif not tx.lock(license, skip_locked=skip_locked):
            return UNAVAILABLE
        if process.rules.read_after_lock:
            case.look()
        case.seats = license.max_seats
        answer = decide(case)
        tx.commit()
        if case.saw_redis:
            process.postgres.referee.looked(license.pk, case.faults)
        if case.after_commit:
            case.ask(case.after_commit)
    except Refused as refused:
        return refused.answer
    except PostgresAway:
        return UNAVAILABLE
    finally:
        tx.rollback()
    return answer
