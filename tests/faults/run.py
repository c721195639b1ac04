"""One run: machines play, a fault comes and goes, and what everybody saw is judged."""

import time
from dataclasses import dataclass
from http import HTTPStatus

from tests.dialects import NAMES
from tests.faults.faults import CLOCK_FAULTS, FAULTS
from tests.faults.machines import Crowd
from tests.faults.setting import Setting
from tests.play.machine import Machine
from tests.play.outcome import Outcome
from tests.seats.history import Operation

SUCCESSES = {HTTPStatus.OK, HTTPStatus.CREATED}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How one run goes; times in seconds."""

    ttl: int = 2
    seats: tuple[int, ...] = (1, 2, 5, 10)
    before: float = 2.0
    after: float = 4.0
    seed: int = 1


def run(setting: Setting, fault: str, plan: Plan) -> Outcome:
    """Play under one fault, on licenses of its own."""
    licenses = dict(zip(setting.live.issue_licenses(plan.seats), plan.seats, strict=True))
    machines = _machines(setting, licenses)
    crowd = Crowd(setting.live.port, machines, ttl=plan.ttl, seed=plan.seed, database=setting.clocks.postgres)
    try:
        time.sleep(plan.before)
        with (FAULTS | CLOCK_FAULTS)[fault](setting, plan.ttl):
            pass
        ended_at = time.monotonic()
        time.sleep(plan.after)
    finally:
        history = crowd.stop()
        setting.mend()
    outcome = Outcome(fault).judge(setting.live, history, licenses)
    outcome.back_after = _back_after(history, ended_at)
    return outcome


def _machines(setting: Setting, licenses: dict[str, int]) -> list[Machine]:
    token = setting.live.log_in()
    return [
        Machine(
            user=setting.live.demo.user_email,
            token=token,
            license_key=key,
            hardware_id=f"{key[-4:]}-{number}",
            dialect=NAMES[number % len(NAMES)],
        )
        for key, seats in licenses.items()
        for number in range(seats * 2 + 1)
    ]


def _back_after(history: list[Operation], ended_at: float) -> dict[str, float]:
    back: dict[str, float] = {}
    for operation in sorted(history, key=lambda operation: operation.received_at):
        if operation.received_at > ended_at and operation.status in SUCCESSES:
            back.setdefault(operation.name, operation.received_at - ended_at)
    return back
