"""Client machines: they acquire, beat, release, fall silent and come back, and write down all that they see."""

import multiprocessing
import random
import threading
from collections.abc import Sequence
from http import HTTPStatus
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier, Event

from tests.faults.clocks import Clock
from tests.play.machine import Caller, Machine
from tests.seats.history import Operation

START_SECONDS = STOP_SECONDS = 30.0
BEATS_PER_TTL = 2.5
RELEASED = 0.7


class Crowd:
    """Machines at play in processes of their own, until they are stopped."""

    def __init__(
        self, port: int, machines: Sequence[Machine], *, ttl: float, seed: int, database: Clock, processes: int = 2
    ) -> None:
        # Not forked: whoever starts a crowd has threads.
        context = multiprocessing.get_context("spawn")
        self._stop, self._histories = context.Event(), context.Queue()
        start = context.Barrier(processes + 1)
        shares = [machines[number::processes] for number in range(processes)]
        self._processes = [
            context.Process(target=_play, args=(port, share, ttl, seed, database, start, self._stop, self._histories))
            for share in shares
        ]
        for process in self._processes:
            process.start()
        start.wait(START_SECONDS)

    def stop(self) -> list[Operation]:
        """End the game and return everything that was seen."""
        self._stop.set()
        history = [operation for _ in self._processes for operation in self._histories.get(timeout=STOP_SECONDS)]
        for process in self._processes:
            process.join()
        return history


def _play(
    port: int,
    machines: Sequence[Machine],
    ttl: float,
    seed: int,
    database: Clock,
    start: Barrier,
    stop: Event,
    histories: "Queue[list[Operation]]",
) -> None:
    history: list[Operation] = []
    callers = [Caller(port, machine, history, database_ahead=lambda: database.ahead) for machine in machines]
    players = [_Player(caller, ttl, seed, stop) for caller in callers]
    threads = [threading.Thread(target=player.run) for player in players]
    start.wait(START_SECONDS)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    histories.put(history)


class _Player:
    """One machine's life."""

    def __init__(self, caller: Caller, ttl: float, seed: int, stop: Event) -> None:
        self.caller, self.ttl, self.stop = caller, ttl, stop
        self.random = random.Random(f"{caller.machine.hardware_id} {seed}")

    def run(self) -> None:
        """Until the game is over."""
        while not self.stop.is_set():
            answer = self.caller.acquire()
            if answer.session_id and answer.status in {HTTPStatus.OK, HTTPStatus.CREATED}:
                self.hold(answer.session_id)
            else:
                self.wait(self.random.uniform(0.05, 0.3))

    def hold(self, session_id: str) -> None:
        """Beat a few times; then release, or fall silent for about as long as the seat lasts."""
        for _ in range(self.random.randint(0, 6)):
            self.wait(self.ttl / BEATS_PER_TTL)
            if self.stop.is_set() or self.caller.heartbeat(session_id).status == HTTPStatus.NOT_FOUND:
                return
        if self.random.random() < RELEASED:
            self.caller.release(session_id)
        else:
            self.wait(self.ttl * self.random.uniform(0.9, 1.6))

    def wait(self, seconds: float) -> None:
        """Let time pass: the product is about time, so its clients must wait."""
        self.stop.wait(seconds)
