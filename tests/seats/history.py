"""A history checker: what many clients saw, on one monotonic clock, against what they were promised.

It accuses only where no order of the events inside the requests could excuse the server.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import NamedTuple

FOREVER = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One request of one client; all times in seconds of the recorder's monotonic clock."""

    client: str
    # acquire, heartbeat, release; revoke = an administrator's, for any client's session.
    name: str
    sent_at: float
    received_at: float
    # None: no answer came.
    status: int | None
    license: str
    user: str = ""
    hardware_id: str = ""
    session_id: str | None = None
    code: str = ""
    # The `expires_at` of the answer, on the recorder's clock.
    promised_until: float | None = None
    is_revoking: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatChange:
    """The seats of a license became `seats` at some instant between the two."""

    license: str
    seats: int
    sent_at: float = -FOREVER
    received_at: float = -FOREVER


class Violation(NamedTuple):
    kind: str
    at: float
    text: str


class History:
    """Collects operations from many threads."""

    def __init__(self) -> None:
        self._operations: list[Operation] = []
        self._lock = Lock()

    def record(self, operation: Operation) -> None:
        with self._lock:
            self._operations.append(operation)

    def __iter__(self) -> Iterator[Operation]:
        with self._lock:
            return iter(sorted(self._operations, key=lambda operation: operation.received_at))


@dataclass(frozen=True, slots=True)
class Promise:
    """A seat certainly held: from the answer's arrival to its end or to the request that gave it up."""

    operation: Operation
    session_id: str
    until: float

    @property
    def since(self) -> float:
        return self.operation.received_at


def check(
    history: Iterable[Operation], seat_changes: Iterable[SeatChange], *, tolerance: float = 0.0
) -> list[Violation]:
    """Every way in which the history breaks a promise; `tolerance` is what clocks may differ by."""
    operations = sorted(history, key=lambda operation: operation.received_at)
    promises = list(_promises(operations, tolerance))
    return [
        *_server_errors(operations),
        *_sessions_granted_twice(operations),
        *_oversold(promises, seat_changes),
        *_told_gone(operations, promises),
        *_two_sessions(promises),
    ]


def _promises(operations: list[Operation], tolerance: float) -> Iterator[Promise]:
    given_up: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for operation in operations:
        if operation.name in {"release", "revoke"} and operation.session_id is not None:
            # Without an answer it may still be done at any time.
            done_by = FOREVER if operation.status is None else operation.received_at
            given_up[operation.session_id].append((operation.sent_at, done_by))
    for operation in operations:
        if operation.name not in {"acquire", "heartbeat"} or operation.status not in {200, 201}:
            continue
        if operation.session_id is None or operation.promised_until is None:
            continue
        # A release that was over before this request was sent does not end what this request was promised.
        ends = [sent_at for sent_at, done_by in given_up.get(operation.session_id, ()) if done_by >= operation.sent_at]
        until = min([operation.promised_until - tolerance, *ends])
        if until > operation.received_at:
            yield Promise(operation, operation.session_id, until)


def _server_errors(operations: list[Operation]) -> Iterator[Violation]:
    for operation in operations:
        if operation.status is not None and operation.status >= 500 and operation.status != 503:
            yield Violation("server error", operation.received_at, f"{operation.name} {operation.status}")


def _sessions_granted_twice(operations: list[Operation]) -> Iterator[Violation]:
    granted: set[str | None] = set()
    for operation in operations:
        if operation.status == 201:
            if operation.session_id is None or operation.session_id in granted:
                text = f"session {operation.session_id} was created a second time"
                yield Violation("granted twice", operation.received_at, text)
            granted.add(operation.session_id)


def _oversold(promises: list[Promise], seat_changes: Iterable[SeatChange]) -> Iterator[Violation]:
    licenses: dict[str, _License] = {}
    for change in sorted(seat_changes, key=lambda change: change.received_at):
        licenses.setdefault(change.license, _License(change.license)).changes.append(change)
    # The end of the oldest promise may take a larger seat count with it, so ends are looked at too.
    starts = [(promise.since, 1, promise) for promise in promises]
    ends = [(promise.until, 0, promise) for promise in promises]
    for now, is_start, promise in sorted(starts + ends, key=lambda event: event[:2]):
        name = promise.operation.license
        license_ = licenses.setdefault(name, _License(name))
        if is_start:
            license_.start(promise)
        yield from license_.look(now)


@dataclass(slots=True)
class _License:
    """The seat counts of one license, and the promises that run on it: since when, and until when."""

    name: str
    changes: list[SeatChange] = field(default_factory=list)
    running: dict[str, tuple[float, float]] = field(default_factory=dict)

    def start(self, promise: Promise) -> None:
        # An answer that does not extend repeats an older promise, perhaps one that got lost.
        since = -FOREVER if promise.operation.is_revoking else promise.operation.sent_at
        old_since, old_until = self.running.get(promise.session_id, (since, -FOREVER))
        if promise.operation.is_revoking:
            since = old_since
        self.running[promise.session_id] = (since, max(old_until, promise.until))

    def look(self, now: float) -> Iterator[Violation]:
        self.running = {id_: promise for id_, promise in self.running.items() if promise[1] > now}
        if not self.running:
            return
        oldest = min(since for since, _ in self.running.values())
        capacity = self._largest(since=oldest, until=now)
        if len(self.running) > capacity:
            text = f"{len(self.running)} sessions of {self.name}, {capacity} seats"
            yield Violation("oversold", now, text)

    def _largest(self, *, since: float, until: float) -> int:
        """The largest seat count that may have been in force at some instant between the two."""
        replaced_at = [change.received_at for change in self.changes[1:]] + [FOREVER]
        possible = [
            change.seats
            for change, end in zip(self.changes, replaced_at, strict=False)
            if change.sent_at <= until and end >= since
        ]
        return max(possible, default=0)


def _told_gone(operations: list[Operation], promises: list[Promise]) -> Iterator[Violation]:
    by_session: dict[str, list[Promise]] = defaultdict(list)
    for promise in promises:
        by_session[promise.session_id].append(promise)
    for operation in operations:
        if operation.name != "heartbeat" or operation.status != 404:
            continue
        for promise in by_session.get(operation.session_id or "", ()):
            if promise.since <= operation.sent_at and operation.received_at < promise.until:
                text = f"session {operation.session_id} was promised until {promise.until:.3f}"
                yield Violation("told gone", operation.received_at, text)
                break


def _two_sessions(promises: list[Promise]) -> Iterator[Violation]:
    machines: dict[tuple[str, str, str], list[Promise]] = defaultdict(list)
    for promise in promises:
        operation = promise.operation
        machines[operation.license, operation.user, operation.hardware_id].append(promise)
    for machine, held in machines.items():
        latest: dict[str, float] = {}
        for promise in held:
            for session_id, until in latest.items():
                if session_id != promise.session_id and until > promise.since:
                    text = f"{machine} holds {session_id} and {promise.session_id}"
                    yield Violation("two sessions", promise.since, text)
            latest[promise.session_id] = max(promise.until, latest.get(promise.session_id, 0))
