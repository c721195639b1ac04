"""The races: each plays on licenses of its own, over HTTP, and says what came of it."""

import random
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from typing import TypeVar

from tests.dialects import NAMES
from tests.live import Live
from tests.play.machine import Caller, Machine
from tests.play.outcome import Outcome
from tests.seats.history import Operation

Item = TypeVar("Item")
Result = TypeVar("Result")
SEATS = (1, 2, 5, 10)


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many of everything."""

    clients: int = 64
    crowds: int = 40
    rounds: int = 5
    hand_overs: int = 1000
    twins: int = 50
    twin_runs: int = 20
    last_beats: int = 1000

    @property
    def repeats(self) -> tuple[int, int, int, int]:
        """How often each of RACES is run."""
        return self.crowds, self.hand_overs, self.twin_runs, self.last_beats

    def times(self, scale: int) -> "Counts":
        """As many clients, more often."""
        return replace(
            self,
            crowds=self.crowds * scale,
            hand_overs=self.hand_overs * scale,
            twin_runs=self.twin_runs * scale,
            last_beats=self.last_beats * scale,
        )


FEW = Counts(crowds=1, rounds=3, hand_overs=25, twin_runs=2, last_beats=25)


class Table:
    """Licenses of one race, and the machines that play for their seats."""

    def __init__(self, live: Live, name: str, *, seats: Sequence[int]) -> None:
        self.live, self.outcome = live, Outcome(name)
        self.licenses = dict(zip(live.issue_licenses(seats), seats, strict=True))
        self.keys = list(self.licenses)
        self.history: list[Operation] = []
        self._token = live.log_in()
        self._callers = ExitStack()

    def callers(self, number: int, *, hardware_id: str | None = None) -> list[Caller]:
        """Machines, the licenses and dialects dealt out among them; all the same one where its id is given."""
        return [self._caller(index, hardware_id or f"machine-{index}") for index in range(number)]

    def _caller(self, index: int, hardware_id: str) -> Caller:
        machine = Machine(
            user=self.live.demo.user_email,
            token=self._token,
            license_key=self.keys[index % len(self.keys)],
            hardware_id=hardware_id,
            dialect=NAMES[index // len(self.keys) % len(NAMES)],
        )
        caller = Caller(self.live.port, machine, self.history)
        self._callers.callback(caller.close)
        return caller

    def accuse(self, text: str) -> None:
        """Write down a violation."""
        self.outcome.violations.append(text)

    def close(self) -> Outcome:
        """End the race and judge it."""
        self._callers.close()
        return self.outcome.judge(self.live, self.history, self.licenses)


def crowd(live: Live, counts: Counts) -> Outcome:
    """Many clients take, keep and release the few seats of four licenses, as fast as they can."""
    table = Table(live, f"{counts.clients} clients acquire and release", seats=SEATS)
    callers = table.callers(counts.clients)
    for run in range(counts.crowds):
        together(callers, partial(_rush, rounds=counts.rounds, seed=run))
    return table.close()


def _rush(caller: Caller, *, rounds: int, seed: int) -> None:
    chance = random.Random(f"{caller.machine.hardware_id} {seed}")
    for _ in range(rounds):
        session_id = caller.acquire().session_id
        if session_id is not None:
            for _ in range(chance.randint(0, 2)):
                caller.heartbeat(session_id)
            caller.release(session_id)


def hand_over(live: Live, counts: Counts) -> Outcome:
    """Two machines pass the only seat back and forth: whoever asks right after a release gets it."""
    table = Table(live, "release, then acquire", seats=[1])
    holder, waiter = table.callers(2)
    held = holder.acquire()
    for cycle in range(counts.hand_overs):
        released = holder.release(held.session_id or "")
        held = waiter.acquire()
        if (released.status, held.status) != (HTTPStatus.OK, HTTPStatus.CREATED):
            table.accuse(f"missed: cycle {cycle}: release {released.status}, then acquire {held.status} {held.code}")
            break
        holder, waiter = waiter, holder
    return table.close()


def twins(live: Live, counts: Counts) -> Outcome:
    """One machine asks from many connections at once, of a license with seats enough for all: one session."""
    table = Table(live, f"{counts.twins} acquires of one machine", seats=[counts.twins])
    callers = table.callers(counts.twins, hardware_id="twin")
    for run in range(counts.twin_runs):
        answers = together(callers, Caller.acquire)
        statuses = sorted(answer.status or 0 for answer in answers)
        sessions = {answer.session_id for answer in answers}
        if statuses != [HTTPStatus.OK] * (counts.twins - 1) + [HTTPStatus.CREATED] or len(sessions) != 1:
            table.accuse(f"twins: run {run}: {len(sessions)} sessions, statuses {statuses}")
        for session_id in sessions - {None}:
            callers[0].release(session_id or "")
    return table.close()


def last_beats(live: Live, counts: Counts) -> Outcome:
    """A machine beats while its seat is released: after the release's answer no beat is welcome, the seat is free."""
    table = Table(live, "release against heartbeat", seats=[1])
    holder, echo, rival = table.callers(3)
    beaters = [echo, rival]
    with ThreadPoolExecutor(len(beaters)) as pool:
        for race in range(counts.last_beats):
            session_id = holder.acquire().session_id or ""
            is_over = threading.Event()
            beats = [pool.submit(_beat_on, beater, session_id, is_over) for beater in beaters]
            released = holder.release(session_id)
            is_over.set()
            late = {beat.result().status for beat in beats}
            follower = rival.acquire()
            rival.release(follower.session_id or "")
            seen = (released.status, late, follower.status)
            if seen != (HTTPStatus.OK, {HTTPStatus.NOT_FOUND}, HTTPStatus.CREATED):
                table.accuse(f"last beat: race {race}: release, later beats, next acquire: {seen}")
    return table.close()


def _beat_on(caller: Caller, session_id: str, is_over: threading.Event) -> Operation:
    """Beat until it is over, and once more; that last answer."""
    while not is_over.is_set():
        caller.heartbeat(session_id)
    return caller.heartbeat(session_id)


def together(items: Iterable[Item], action: Callable[[Item], Result]) -> list[Result]:
    """Do something with all items at the same moment; what each came to."""
    everything = list(items)
    start = threading.Barrier(len(everything))

    def act(item: Item) -> Result:
        start.wait()
        return action(item)

    with ThreadPoolExecutor(len(everything)) as pool:
        return list(pool.map(act, everything))


Race = Callable[[Live, Counts], Outcome]
RACES: tuple[Race, ...] = (crowd, hand_over, twins, last_beats)
