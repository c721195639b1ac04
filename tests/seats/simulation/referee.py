"""The seven promises, checked at every step against what clients were told; sees everything, in true time."""

from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from tests.seats.simulation.world import DRIFT, SECOND, TTL, World

if TYPE_CHECKING:
    from tests.seats.simulation.locked import Answer, Locked
    from tests.seats.simulation.postgres import License, Postgres, Session, Transaction

RECORD_WITHIN = 60 * SECOND
# From a process's start on: until it has heard the clock, and told the others, and what it doubts is over.
DOUBT = 3 * TTL

OVERSOLD = "1 oversold"
BROKEN = "2 promise broken"
GONE = "3 told gone"
DEAD_HELD = "4 dead seat held"
RELEASED_HELD = "5 released seat held"
TWO_SESSIONS = "6 two sessions"
RECORD = "7 record"
INVARIANTS = (OVERSOLD, BROKEN, GONE, DEAD_HELD, RELEASED_HELD, TWO_SESSIONS, RECORD)


class Violation(NamedTuple):
    """A promise that was broken."""

    at: int
    invariant: str
    text: str


class Promise(NamedTuple):
    """What a client may rely on, from the moment the server decided it."""

    license_id: int
    since: int
    until: int


class Referee:
    """Knows what the protocol cannot know."""

    def __init__(self, *, world: World) -> None:
        self.world = world
        self.postgres: Postgres
        self.violations: list[Violation] = []
        self.promises: dict[UUID, Promise] = {}
        self.latest_renewed: UUID | None = None
        # Given up by their client, or ended by an administrator at once: nothing is owed to them.
        self.excused: set[UUID] = set()
        self.marked: set[UUID] = set()
        self.seats: dict[int, list[tuple[int, int]]] = {}
        self.is_strict_about_dead = True
        self._last_yes: dict[UUID, int] = {}
        self._ended_at: dict[UUID, int] = {}
        self._sold_at: dict[UUID, int] = {}
        self._held_until: dict[UUID, int] = {}
        # Their leases are gone, or were perhaps never written.
        self._without_lease: set[UUID] = set()
        self._awaiting_repair: dict[int, list[UUID]] = {}
        self._seats_awaiting_repair: dict[int, int] = {}
        self._faults_looked: dict[int, int] = {}
        self._doubted_until = -1

    def violate(self, invariant: str, *words: object) -> None:
        text = " ".join(map(str, words))
        self.violations.append(Violation(self.world.now, invariant, text))
        self.world.is_over = True
        self.world.note("VIOLATION", invariant, text)

    # What the clients are told.

    def told_yes(self, license: "License", answer: "Answer") -> None:
        pk, now = answer.pk, self.world.now
        assert pk is not None
        if answer.status == 201 and pk not in self.postgres.sessions:
            self.violate(RECORD, "no row for", pk)
        if answer.decided_at > self._ended_at.get(pk, answer.decided_at):
            self.violate(OVERSOLD, pk, "beats on after its end")
        if pk in self.excused:
            return
        if license.ends_at is not None and answer.until > license.ends_at + DRIFT:
            self.violate(OVERSOLD, pk, "promised beyond the end of license", license.pk)
        row = self.postgres.sessions.get(pk)
        if row is not None and row.ended_at is not None and answer.until > now:
            self.violate(BROKEN, pk, "had ended before it was told yes")
        old = self.promises.get(pk, Promise(license.pk, self._sold_at.get(pk, now), 0))
        since = old.since if answer.is_revoking else answer.decided_at
        promise = Promise(license.pk, since, max(old.until, answer.until))
        self.promises[pk] = promise
        if not answer.is_unsure:
            self._last_yes[pk] = answer.decided_at
        self.check_capacity(license.pk)
        # The oldest promise may take a larger seat count with it when it ends.
        self.world.at(max(0, promise.until - now), lambda: self.check_capacity(license.pk))

    def told_gone(self, license: "License", answer: "Answer") -> None:
        pk = answer.pk
        if pk is None or pk in self.excused:
            return
        promise = self.promises.get(pk)
        if promise is not None and promise.until > self.world.now:
            self.violate(GONE, pk, "inside its promise")
        if self.postgres.sessions[pk].ended_at is None:
            self.violate(GONE, pk, "though nobody ended it")
        is_punctual = answer.decided_at - self._last_yes.get(pk, -TTL) < TTL - DRIFT
        if is_punctual and pk not in self.marked and license.expires_at is None:
            self.violate(GONE, pk, "though it beat in time")

    def told_full(self, answer: "Answer", own: UUID | None) -> None:
        if answer.denial not in self.postgres.denials:
            self.violate(RECORD, "a denial was not recorded")
        promise = self.promises.get(own) if own else None
        if promise is not None and promise.until > self.world.now:
            self.violate(BROKEN, own, "was refused its own seat")

    def gave_up(self, pk: UUID) -> None:
        self.excused.add(pk)
        self.promises.pop(pk, None)

    # What the servers do.

    def committed(self, tx: "Transaction") -> None:
        """Called before the transaction takes effect."""
        license = tx.license
        if license is None:
            return
        for row in tx.changed.values():
            old = self.postgres.sessions.get(row.pk)
            if old is None:
                self._inserted(tx, license, row)
            elif row.ended_at is not None:
                self._ended(tx, old, row)
            if row.revoke_at is not None:
                self.marked.add(row.pk)
        if tx.repaired and not tx.repairs:
            self._repaired(license.pk)
        if tx.max_seats is not None:
            self._seats_changed(tx, license.pk, tx.max_seats)

    def _inserted(self, tx: "Transaction", license: "License", row: "Session") -> None:
        self._sold_at[row.pk] = self.world.now
        others = [
            other
            for other in license.live.values()
            if other.pk not in tx.changed or tx.changed[other.pk].ended_at is None
        ]
        if len(others) + 1 > license.max_seats:
            self.violate(OVERSOLD, "seat", len(others) + 1, "of", license.max_seats, "sold")
        machine = (row.user_id, row.hardware_id)
        if any((other.user_id, other.hardware_id) == machine for other in others):
            self.violate(TWO_SESSIONS, "of machine", row.hardware_id)

    def _ended(self, tx: "Transaction", old: "Session", row: "Session") -> None:
        if old.ended_at is not None:
            self.violate(RECORD, row.pk, "ended twice")
        if row.end_reason == "revoked by admin":
            self.excused.add(row.pk)
        promise = self.promises.pop(row.pk, None)
        if row.pk not in self.excused and promise and promise.until > self.world.now:
            left = (promise.until - self.world.now) / SECOND
            self.violate(BROKEN, row.pk, row.end_reason, left, "s too early")
        if row.license_id in tx.repairs:
            # Redis does not know yet; the repair tells it.
            self._awaiting_repair.setdefault(row.license_id, []).append(row.pk)
        else:
            self._ended_at[row.pk] = self.world.now

    def _seats_changed(self, tx: "Transaction", license_id: int, seats: int) -> None:
        self._seats_awaiting_repair.pop(license_id, None)
        if license_id in tx.repairs:
            # Redis goes on renewing the surplus until the repair has marked it.
            self._seats_awaiting_repair[license_id] = seats
            seats = max(seats, self.seats[license_id][-1][1])
        self.seats[license_id].append((self.world.now, seats))
        self.check_capacity(license_id)

    def _repaired(self, license_id: int) -> None:
        for pk in self._awaiting_repair.pop(license_id, ()):
            self._ended_at[pk] = self.world.now
        seats = self._seats_awaiting_repair.pop(license_id, None)
        if seats is not None:
            self.seats[license_id].append((self.world.now, seats))
            self.check_capacity(license_id)

    def check_capacity(self, license_id: int) -> None:
        """Live promises never exceed the largest seat count since the oldest of them."""
        now = self.world.now
        live = [p for p in self.promises.values() if p.license_id == license_id and p.until > now]
        if not live:
            return
        oldest = min(promise.since for promise in live)
        in_force = 0
        for at, seats in reversed(self.seats[license_id]):
            in_force = max(in_force, seats)
            if at <= oldest:
                break
        if len(live) > in_force:
            self.violate(OVERSOLD, len(live), "promises running for", in_force, "seats")

    # Who may rightly hold a seat.

    def leases_are(self, ends: dict[str, int], *, license_id: int, is_grant: bool) -> None:
        """A script has written leases; readmitted ones hold on longer rightly only if something went wrong."""
        self._without_lease |= self.postgres.licenses[license_id].live.keys() - {UUID(hex=hex_id) for hex_id in ends}
        is_excused = self.world.active_faults or self.world.faults > self._faults_looked.get(license_id, 0)
        for hex_id, end in ends.items():
            pk = UUID(hex=hex_id)
            if pk in self._ended_at and end > self.world.now:
                self.violate(OVERSOLD, "the lease of", pk, "outlives its end")
            if is_grant or is_excused or pk in self._without_lease:
                self._renewed(pk, end)
                self._without_lease.discard(pk)

    def renewed_without_redis(self, pk: UUID, until: int) -> None:
        self._renewed(pk, until)
        self._without_lease.add(pk)

    def _renewed(self, pk: UUID, until: int) -> None:
        self.latest_renewed = pk
        self._held_until[pk] = max(until, self._held_until.get(pk, 0))

    def restarted(self) -> None:
        """A process that has just started may doubt the clock, and say so, and then nobody is dead for a while."""
        self._doubted_until = self.world.now + DOUBT

    def looked(self, license_id: int, faults: int) -> None:
        self._faults_looked[license_id] = faults

    def refused(self, case: "Locked") -> None:
        """A refusal by a process that sees Redis must name as many holders as there are seats."""
        if case.saw_redis is False:
            return
        if case.used < case.seats:
            self.violate(RELEASED_HELD, "refused with", case.used, "of", case.seats, "taken")
        dead = [row.pk for row in case.rows if self._held_until.get(row.pk, 0) <= case.looked_at]
        if case.used - len(dead) < case.seats and self._is_strict_about_dead(case):
            self.violate(DEAD_HELD, "refused while", *dead, "were dead")

    def _is_strict_about_dead(self, case: "Locked") -> bool:
        is_in_doubt = case.is_in_doubt and self.world.now < self._doubted_until
        return self.is_strict_about_dead and not is_in_doubt

    def swept(self, case: "Locked") -> None:
        for row in case.rows:
            is_late = self._held_until.get(row.pk, 0) + RECORD_WITHIN < self.world.now
            if is_late and self._is_strict_about_dead(case):
                self.violate(DEAD_HELD, row.pk, "is dead and not recorded")
