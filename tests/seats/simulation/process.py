"""A web or worker process: memory that a crash wipes, and a way to Redis that may be cut."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from types import SimpleNamespace
from typing import Any, TypeVar
from unittest.mock import patch

from coditect.redis import Breaker, RedisUnavailable
from licenses import leases
from tests.seats.simulation.postgres import Postgres
from tests.seats.simulation.redis_server import Redis
from tests.seats.simulation.rules import Rules
from tests.seats.simulation.world import SECOND, Task, World

Answer = TypeVar("Answer")
REDIS_TIMEOUT = 250


class Process:
    """What one process knows, and what it does."""

    def __init__(self, name: str, *, world: World, postgres: Postgres, redis: Redis, rules: Rules) -> None:
        self.name, self.world, self.postgres, self.redis, self.rules = name, world, postgres, redis, rules
        self.is_alive = True
        self.is_cut_off = False
        # How wrong its wall clock is; only a mutant asks it.
        self.wall_clock = 0
        self._tasks: dict[Task, None] = {}
        self._forget()

    def _forget(self) -> None:
        self.breaker = Breaker(clock=lambda: self.world.now / SECOND)
        self.memory = leases.Memory()
        self.away_since: int | None = None

    def run(self, work: Callable[[], Answer], done: Callable[[Answer | None], object]) -> None:
        """Run an operation; `done` gets None where this process dies before it can answer."""
        world = self.world
        answers: list[Answer] = []

        def finish() -> None:
            try:
                answers.append(work())
            finally:
                self._tasks.pop(task, None)
                world.at(world.between(1, 30), lambda: done(answers[0] if answers else None))

        task = world.spawn(self, finish)
        self._tasks[task] = None

    def crash(self) -> None:
        self.is_alive = False
        for task in list(self._tasks):
            self.world.kill(task)

    def restart(self) -> None:
        self.is_alive = True
        self._forget()
        self.postgres.referee.restarted()

    def hear_database(self, now: datetime, *, asked_at: int) -> None:
        """The database's clock and its notes, as of one statement."""
        postgres = self.postgres
        watched_at = postgres.watched_at if self.rules.fresh_process_doubts else None
        notes = leases.Notes(seen_at=postgres.note, stepped_at=postgres.stepped_at, watched_at=watched_at)
        self.memory.heard_database(now, asked_at=asked_at, notes=notes)

    def call(self, command: Callable[[], Answer]) -> Answer:
        """One round trip to Redis. Raises RedisUnavailable."""
        if not self.breaker.allows():
            raise RedisUnavailable
        self.world.sleep(self.world.latency())
        try:
            answer = self._round_trip(command)
        except RedisUnavailable:
            self.breaker.failed()
            self.away_since = self.away_since or self.world.now
            raise
        self.breaker.succeeded()
        self.away_since = None
        return answer

    def _round_trip(self, command: Callable[[], Answer]) -> Answer:
        world, redis = self.world, self.redis
        if self.is_cut_off or redis.is_down:
            world.sleep(world.between(1, REDIS_TIMEOUT))
            raise RedisUnavailable
        if redis.is_paused:
            answers: list[Answer] = []
            redis.waiting.append(lambda: answers.append(command()))
            world.sleep(REDIS_TIMEOUT)
            if not answers:
                raise RedisUnavailable
            return answers[0]
        if world.chance(redis.trouble):
            self._lose(command)
        answer = command()
        world.sleep(world.latency())
        return answer

    def _lose(self, command: Callable[[], object]) -> None:
        """The command is lost, or its answer is, or it runs when nobody waits for it any more."""
        world = self.world
        outcome = 2 if world.chance(self.redis.late_share) else world.between(0, 1)
        world.fault(self.name, ("loses a command", "loses an answer", "is late")[outcome])
        if outcome == 1:
            command()
        elif outcome == 2:
            longest = REDIS_TIMEOUT if world.chance(0.3) else 6 * SECOND
            server = self.redis.replid
            world.at(world.between(1, longest), lambda: self._arrive_late(command, server))
            if world.ambush_chance:
                world.at(world.between(1, longest), world.ambush)
        world.sleep(world.between(1, REDIS_TIMEOUT))
        raise RedisUnavailable

    def _arrive_late(self, command: Callable[[], object], server: str) -> None:
        if server != self.redis.replid:
            # It was on its way to a server that is no more.
            return
        if self.redis.is_paused:
            self.redis.waiting.append(command)
        elif not self.redis.is_down:
            self.world.note("a late command runs:")
            command()


class _Scripts:
    """Stands where the product keeps its scripts: each call goes out from the process that makes it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __getitem__(self, name: str) -> Callable[[list[str], list[Any]], list[Any]]:
        process: Process = self._world.process
        return lambda keys, arguments: process.call(lambda: process.redis.run(name, keys, arguments))


class _Memory:
    """Stands where the product keeps a process's memory: that of the process which asks."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world.process.memory, name)


@contextmanager
def leases_in(world: World) -> Iterator[None]:
    """Let `licenses.leases` run in virtual time, with a memory for each process and the modelled network."""

    def ask(command: Callable[[Any], Any]) -> Any:
        process: Process = world.process
        at = SimpleNamespace(time=lambda: divmod(process.redis.time() * 1000, 1_000_000))
        return process.call(lambda: command(at))

    with (
        patch.object(leases, "SCRIPTS", _Scripts(world)),
        patch.object(leases, "ask", ask),
        patch.object(leases, "time", SimpleNamespace(monotonic=lambda: world.now / SECOND)),
        patch.object(leases, "memory", _Memory(world)),
    ):
        yield
