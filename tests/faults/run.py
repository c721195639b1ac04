"""One run: machines play, a fault comes and goes, and what everybody saw is judged."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus

import psycopg

from tests.faults.faults import FAULTS
from tests.faults.machines import Crowd, Machine
from tests.faults.setting import Setting
from tests.seats.history import Operation, SeatChange, check

SEATS = (1, 2, 5, 10)
BEFORE_SECONDS = 2.0
AFTER_SECONDS = 5.0
# The server gives up after 3 s; requests in flight on two busy cores wait for each other besides.
ANSWER_WITHIN_SECONDS = 6.0
CLOCKS_DIFFER_SECONDS = 0.02
SUCCESSES = {HTTPStatus.OK, HTTPStatus.CREATED}
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
    """What one run came to; `back_after` is how many seconds after the fault each operation first succeeded."""

    fault: str
    seed: int
    requests: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    back_after: dict[str, float] = field(default_factory=dict)
    slowest: float = 0.0


def run(setting: Setting, fault: str, *, ttl: int, seed: int) -> Outcome:
    """Play under one fault, on licenses of its own."""
    licenses = {setting.live.issue_license(seats=seats): seats for seats in SEATS}
    crowd = Crowd(setting.live.port, _machines(setting, licenses, seed), ttl=ttl)
    try:
        time.sleep(BEFORE_SECONDS)
        with FAULTS[fault](setting, ttl):
            pass
        ended_at = time.monotonic()
        time.sleep(AFTER_SECONDS)
    finally:
        history = crowd.stop()
        setting.mend()
    return _judge(setting, Outcome(fault, seed), history, licenses, ended_at)


def _machines(setting: Setting, licenses: dict[str, int], seed: int) -> list[Machine]:
    token = setting.live.log_in()
    return [
        Machine(
            user=setting.live.demo.user_email,
            token=token,
            license_key=key,
            hardware_id=f"{key[-4:]}-{number}",
            seed=seed * 1000 + number,
        )
        for key, seats in licenses.items()
        for number in range(seats * 2 + 1)
    ]


def _judge(
    setting: Setting, outcome: Outcome, history: list[Operation], licenses: dict[str, int], ended_at: float
) -> Outcome:
    outcome.requests = len(history)
    outcome.statuses = Counter(f"{operation.name} {operation.status} {operation.code}" for operation in history)
    outcome.slowest = max(operation.received_at - operation.sent_at for operation in history)
    sold = [SeatChange(license=key, seats=seats) for key, seats in licenses.items()]
    outcome.violations += [
        f"{violation.kind}: {violation.text}" for violation in check(history, sold, tolerance=CLOCKS_DIFFER_SECONDS)
    ]
    outcome.violations += _late_answers(history)
    outcome.violations += _uneven_record(setting, history, list(licenses))
    for operation in sorted(history, key=lambda operation: operation.received_at):
        if operation.received_at > ended_at and operation.status in SUCCESSES:
            outcome.back_after.setdefault(operation.name, operation.received_at - ended_at)
    return outcome


def _late_answers(history: list[Operation]) -> Iterator[str]:
    for operation in history:
        took = operation.received_at - operation.sent_at
        if took > ANSWER_WITHIN_SECONDS:
            yield f"late: {operation.name} {operation.status} took {took:.1f} s"


def _uneven_record(setting: Setting, history: list[Operation], keys: list[str]) -> Iterator[str]:
    setting.live.manage("verify_seats")
    with psycopg.connect(setting.live.postgres.url) as connection:
        ((uneven,),) = connection.execute(UNEVEN, {"keys": keys}).fetchall()
        recorded = {row[0] for row in connection.execute(RECORDED, {"keys": keys}).fetchall()}
    if uneven:
        yield f"record: {uneven} sessions without exactly one event for each of their turns"
    granted = {operation.session_id for operation in history if operation.status == HTTPStatus.CREATED}
    if lost := granted - recorded:
        yield f"record: {len(lost)} sessions were granted and are not recorded"
