"""One run: machines play, a fault comes and goes, and what everybody saw is judged."""

import time
from collections.abc import Sequence
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
    # How long a fault lasts, where it has a choice.
    lasts: float = 2.0
    after: float = 4.0
    seed: int = 1
    processes: int = 2


def run(setting: Setting, faults: Sequence[str], plan: Plan) -> Outcome:
    """Play under one fault, or under several in turn, on licenses of its own."""
    licenses = dict(zip(setting.live.issue_licenses(plan.seats), plan.seats, strict=True))
    crowd = Crowd(
        setting.live.port,
        _machines(setting, licenses),
        ttl=plan.ttl,
        seed=plan.seed,
        database=setting.clocks.postgres,
        processes=plan.processes,
    )
    try:
        time.sleep(plan.before)
        for fault in faults:
            with (FAULTS | CLOCK_FAULTS)[fault](setting, plan.lasts):
                pass
            ended_at = time.monotonic()
            time.sleep(plan.after)
    finally:
        history = crowd.stop()
        setting.mend()
    outcome = Outcome(", ".join(faults)).judge(setting.live, history, licenses)
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
