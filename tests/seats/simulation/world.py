"""Virtual time: an agenda, one seed, and no other source of chance."""

import random
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

from greenlet import GreenletExit, getcurrent, greenlet

SECOND = 1000
MINUTE = 60 * SECOND
TTL = 360 * SECOND
# How far two clocks may be apart before their difference counts as a step.
DRIFT = 2 * SECOND


class Task(greenlet):  # type: ignore[misc]  # greenlet has no types
    """An operation under way in one process; `sleep` hands over to whatever comes next."""

    process: Any = None


class World:
    """What time it is (in ms, true time), what happens next, and the dice."""

    def __init__(self, *, seed: int, trace: bool = False) -> None:
        self.random = random.Random(seed)
        self.now = 0
        self.steps = 0
        # Faults so far, and those still going on: they excuse a seat that is held longer.
        self.faults = 0
        self.active_faults = 0
        self.is_over = False
        self.stall_chance = 0.0
        # Trouble that waits for an operation to be under way.
        self.ambush_chance = 0.0
        self.ambush: Callable[[], None] = lambda: None
        self.trace: list[str] | None = [] if trace else None
        self._agenda: list[tuple[int, int, Callable[[], object]]] = []
        self._hub = getcurrent()

    def at(self, delay: int, action: Callable[[], object]) -> None:
        self.steps += 1
        heappush(self._agenda, (self.now + delay, self.steps, action))

    def run(self, *, until: int) -> None:
        agenda = self._agenda
        while agenda and not self.is_over:
            self.now, _, action = heappop(agenda)
            if self.now > until:
                return
            action()

    def spawn(self, process: object, work: Callable[[], None]) -> Task:
        task = Task(work, parent=self._hub)
        task.process = process
        self.at(0, task.switch)
        return task

    def sleep(self, ms: int) -> None:
        self.at(ms, getcurrent().switch)
        self._hub.switch()

    @staticmethod
    def kill(task: Task) -> None:
        """End a task between two steps, as a crash does."""
        if not task.dead:
            task.throw(GreenletExit)

    @property
    def process(self) -> Any:
        """The process whose task runs just now."""
        return getcurrent().process

    def note(self, *words: object) -> None:
        """One line of the trace; costs nothing when nobody reads it."""
        if self.trace is not None:
            self.trace.append(f"{self.now / SECOND:10.3f} s  " + " ".join(map(str, words)))

    def fault(self, *words: object) -> None:
        self.faults += 1
        self.note("FAULT", *words)

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def between(self, low: int, high: int) -> int:
        return low + int(self.random.random() * (high - low + 1))

    def latency(self) -> int:
        """The time one step takes; now and then the process stalls for longer than Postgres waits."""
        if self.ambush_chance and self.random.random() < self.ambush_chance:
            self.at(self.between(0, 40), self.ambush)
        if self.stall_chance and self.random.random() < self.stall_chance:
            self.fault("a process stalls")
            return self.between(200, 12 * SECOND)
        return 1 + int(self.random.random() * 25)
