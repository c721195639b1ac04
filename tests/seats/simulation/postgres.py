"""Postgres: rows, one row lock per license, and COMMITs that may go wrong."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from licenses.leases import EPOCH
from tests.seats.simulation.redis_server import EPOCH_MS
from tests.seats.simulation.world import SECOND, World

if TYPE_CHECKING:
    from tests.seats.simulation.referee import Referee

LOCK_TIMEOUT = 1 * SECOND
IDLE_IN_TRANSACTION_TIMEOUT = 5 * SECOND
EPOCH_NOW = EPOCH + timedelta(milliseconds=EPOCH_MS)


class PostgresAway(Exception):
    """Nothing was answered, or the transaction is gone, or nobody knows whether its COMMIT came through."""


@dataclass(slots=True, kw_only=True)
class Session:
    """A row of a seat session, named as in the product."""

    pk: UUID
    license_id: int
    user_id: UUID
    hardware_id: str
    slot: int
    started_at: datetime
    expires_at: datetime
    revoke_at: datetime | None = None
    ended_at: datetime | None = None
    end_reason: str = ""


@dataclass(slots=True, kw_only=True)
class License:
    """A row of a license, its sessions not yet ended, and who holds its lock."""

    pk: int
    lease_group: str
    max_seats: int
    expires_at: datetime | None = None
    # The same in true time.
    ends_at: int | None = None
    key_string: str = "KEY"
    live: dict[UUID, Session] = field(default_factory=dict)
    holder: "Transaction | None" = None


class Postgres:
    """What is committed."""

    def __init__(self, *, world: World, referee: "Referee", has_indexes: bool) -> None:
        self.world, self.referee = world, referee
        self.has_indexes = has_indexes
        self.clock = 0
        self.is_down = False
        self.commit_trouble = 0.0
        self.licenses: dict[int, License] = {}
        self.sessions: dict[UUID, Session] = {}
        self.note: datetime | None = None
        self.stepped_at: datetime | None = None
        self.watched_at: datetime | None = None
        self.repairs: set[int] = set()
        self.denials: set[int] = set()
        self.open: dict[Transaction, None] = {}
        self._sequence = 0

    def now(self) -> datetime:
        """clock_timestamp()"""
        return EPOCH_NOW + timedelta(milliseconds=self.world.now + self.clock)

    def note_step(self) -> None:
        self.stepped_at = self.now()

    def next_value(self) -> int:
        self._sequence += 1
        return self._sequence

    def go_down(self) -> None:
        self.is_down = True
        for tx in list(self.open):
            tx.abort()


class Transaction:
    """What one transaction wants to change, and the lock it holds."""

    def __init__(self, postgres: Postgres) -> None:
        self.postgres, self.world = postgres, postgres.world
        self.license: License | None = None
        self.max_seats: int | None = None
        self.changed: dict[UUID, Session] = {}
        self.repairs: set[int] = set()
        self.repaired: set[int] = set()
        self.denials: set[int] = set()
        self.note: datetime | None = None
        self.is_over = False
        self._in_doubt = False
        self._last_statement = self.world.now
        postgres.open[self] = None

    def statement(self) -> None:
        """One round trip. Raises PostgresAway."""
        self.world.sleep(self.world.latency())
        if not self.has_lock() or self.postgres.is_down:
            self.abort()
            raise PostgresAway
        self._last_statement = self.world.now

    def has_lock(self) -> bool:
        """Postgres ends a transaction that was idle for too long, and with it its lock."""
        if self.world.now - self._last_statement > IDLE_IN_TRANSACTION_TIMEOUT and not self._in_doubt:
            self.abort()
        return not self.is_over

    def lock(self, license: License, *, skip_locked: bool = False) -> bool:
        """Take the row FOR NO KEY UPDATE; False where it is taken and to be skipped. Raises PostgresAway."""
        world = self.world
        self.statement()
        give_up_at = world.now + LOCK_TIMEOUT
        while license.holder is not None and license.holder.has_lock():
            if skip_locked:
                return False
            if world.now > give_up_at:
                raise PostgresAway
            self._last_statement = world.now
            world.sleep(world.between(2, 40))
            if self.is_over or self.postgres.is_down:
                raise PostgresAway
        license.holder = self
        self.license = license
        self._last_statement = world.now
        return True

    def unended(self, license: License) -> list[Session]:
        """The rows as this transaction sees them, oldest first."""
        rows = {**license.live, **{pk: row for pk, row in self.changed.items() if row.license_id == license.pk}}
        return sorted((row for row in rows.values() if row.ended_at is None), key=lambda row: (row.started_at, row.pk))

    def find(self, pk: UUID) -> Session | None:
        return self.changed.get(pk) or self.postgres.sessions.get(pk)

    def edit(self, row: Session) -> Session:
        """The row, to be changed in this transaction."""
        if row.pk not in self.changed:
            self.changed[row.pk] = replace(row)
        return self.changed[row.pk]

    def commit(self) -> None:
        """Raises PostgresAway where it fails and also where only its answer is lost."""
        self.statement()
        world = self.world
        if not world.chance(self.postgres.commit_trouble):
            self._apply()
            world.sleep(world.latency())
            return
        outcome = world.between(0, 3)
        world.fault("COMMIT", ("fails", "is done, unknown", "failed, unknown", "is late")[outcome])
        if outcome == 1:
            self._apply()
        elif outcome == 3:
            self._in_doubt = True
            world.at(world.between(1, 3 * SECOND), self._apply if world.chance(0.5) else self.abort)
        raise PostgresAway

    def rollback(self) -> None:
        if not self._in_doubt:
            self.abort()

    def abort(self) -> None:
        if not self.is_over:
            self._close()

    def _close(self) -> None:
        self.is_over = True
        self.postgres.open.pop(self, None)
        if self.license is not None and self.license.holder is self:
            self.license.holder = None

    def _apply(self) -> None:
        if self.is_over:
            return
        if self.postgres.has_indexes and self._breaks_an_index():
            self._close()
            raise PostgresAway
        postgres = self.postgres
        # The referee compares with what was true before.
        postgres.referee.committed(self)
        for row in self.changed.values():
            postgres.sessions[row.pk] = row
            live = postgres.licenses[row.license_id].live
            if row.ended_at is None:
                live[row.pk] = row
            else:
                live.pop(row.pk, None)
        if self.max_seats is not None and self.license is not None:
            self.license.max_seats = self.max_seats
        postgres.repairs = postgres.repairs - self.repaired | self.repairs
        postgres.denials |= self.denials
        if self.note is not None:
            postgres.note = self.note
        self.world.note("COMMIT", self)
        self._close()

    def _breaks_an_index(self) -> bool:
        for row in self.changed.values():
            if row.pk in self.postgres.sessions or row.ended_at is not None:
                continue
            for other in self.postgres.licenses[row.license_id].live.values():
                same_machine = (other.user_id, other.hardware_id) == (row.user_id, row.hardware_id)
                other_now = self.changed.get(other.pk, other)
                if other_now.ended_at is None and (other.slot == row.slot or same_machine):
                    return True
        return False

    def __str__(self) -> str:
        now = self.postgres.now()
        words = [
            f"{name(row.pk)} {row.end_reason or f'{(row.expires_at - now).total_seconds():+.1f} s'}"
            f"{'' if row.revoke_at is None else f' revoke {(row.revoke_at - now).total_seconds():+.1f} s'}"
            for row in self.changed.values()
        ]
        return ", ".join([*words, f"repairs {self.repairs or '-'} seats {self.max_seats}"])


def name(pk: UUID) -> str:
    """A session's number, for people."""
    return f"session {pk.int & 0xFFFF}"
