"""What a race or a run under a fault came to, judged by what everybody saw and by what was recorded."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus

import psycopg

from tests.live import Live
from tests.play.machine import MALFORMED
from tests.seats.history import Operation, SeatChange, check

# The server gives up after 3 s; on two busy cores a request waits for its turn, and its answer for its reader.
REFUSED_WITHIN_SECONDS = 3.0
WAITING_SECONDS = 3.0
CLOCKS_DIFFER_SECONDS = 0.02
# Each 201 has one row and each row one end, with one event for either.
UNEVEN = """
SELECT count(*) FROM licenses_seatsession session
JOIN licenses_license license ON license.id = session.license_id AND license.key_string = ANY(%(keys)s)
WHERE (SELECT count(*) FROM journal_event WHERE subject_id = session.id AND type = 'license.seat.acquired') <> 1
   OR (SELECT count(*) FROM journal_event WHERE subject_id = session.id AND type <> 'license.seat.acquired')
      <> CASE WHEN session.ended_at IS NULL THEN 0 ELSE 1 END
"""
RECORDED = """
SELECT session.id::text FROM licenses_seatsession session
JOIN licenses_license license ON license.id = session.license_id AND license.key_string = ANY(%(keys)s)
"""


@dataclass
class Outcome:
    """What one run came to; `back_after` is how many seconds after a fault each operation first succeeded."""

    name: str
    requests: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    back_after: dict[str, float] = field(default_factory=dict)
    slowest: float = 0.0

    def judge(self, live: Live, history: list[Operation], licenses: dict[str, int]) -> "Outcome":
        """Hold everything that was seen against the promises, the dialects and the record."""
        self.requests += len(history)
        self.statuses += Counter(f"{operation.name} {operation.status} {operation.code}" for operation in history)
        self.slowest = max(self.slowest, *(operation.received_at - operation.sent_at for operation in history))
        sold = [SeatChange(license=key, seats=seats) for key, seats in licenses.items()]
        found = check(history, sold, tolerance=CLOCKS_DIFFER_SECONDS)
        self.violations += [f"{violation.kind}: {violation.text}" for violation in found]
        self.violations += _bad_answers(history)
        self.violations += _uneven_record(live, history, list(licenses))
        return self


def verify(live: Live) -> list[str]:
    """What `verify_seats` complains of."""
    done = live.run("verify_seats")
    return [] if done.returncode == 0 else [f"verify_seats: {done.stdout.strip()} {done.stderr.strip()[-300:]}"]


def _bad_answers(history: list[Operation]) -> Iterator[str]:
    for operation in history:
        took = operation.received_at - operation.sent_at
        if took > REFUSED_WITHIN_SECONDS + WAITING_SECONDS:
            yield f"late: {operation.name} {operation.status} took {took:.1f} s"
        if operation.code == MALFORMED:
            yield f"malformed: {operation.name} {operation.status} is not in the caller's dialect"


def _uneven_record(live: Live, history: list[Operation], keys: list[str]) -> Iterator[str]:
    with psycopg.connect(live.postgres.url) as connection:
        ((uneven,),) = connection.execute(UNEVEN, {"keys": keys}).fetchall()
        recorded = {row[0] for row in connection.execute(RECORDED, {"keys": keys}).fetchall()}
    if uneven:
        yield f"record: {uneven} sessions without exactly one event for each of their turns"
    granted = {operation.session_id for operation in history if operation.status == HTTPStatus.CREATED}
    if lost := granted - recorded:
        yield f"record: {len(lost)} sessions were granted and are not recorded"
