"""Desktops that beat, fall silent, return, release."""

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from tests.seats.simulation.locked import Answer
from tests.seats.simulation.operations import Operation, acquire, heartbeat, release
from tests.seats.simulation.postgres import License, Postgres
from tests.seats.simulation.process import Process
from tests.seats.simulation.redis_server import Redis
from tests.seats.simulation.referee import Referee
from tests.seats.simulation.world import MINUTE, SECOND, TTL, World

LATE = TTL + 10 * SECOND


@dataclass(slots=True, kw_only=True)
class Site:
    """Everything there is: processes, licenses, and who sits before them."""

    world: World
    referee: Referee
    postgres: Postgres
    redis: Redis
    webs: list[Process]
    worker: Process
    licenses: list[License] = field(default_factory=list)
    machines: list["Machine"] = field(default_factory=list)

    def request(self, operation: Operation, done: Callable[[Answer | None], None]) -> None:
        """Send a request to any living web process."""
        living = [web for web in self.webs if web.is_alive]
        if not living:
            self.world.at(20, lambda: done(None))
            return
        web = living[self.world.between(0, len(living) - 1)]
        web.run(lambda: operation(web), done)


class Machine:
    """One installation of the software; at most one seat."""

    def __init__(self, *, site: Site, license: License, user_id: UUID, hardware_id: str) -> None:
        self.site, self.world = site, site.world
        self.license = license
        self.user_id, self.hardware_id = user_id, hardware_id
        self.session_id: UUID | None = None
        # The guide's client beats at half the TTL; some are more eager.
        eager = (6 * SECOND, 45 * SECOND, 45 * SECOND, 45 * SECOND)
        self._interval = eager[self.world.between(0, 3)] if self.world.chance(0.3) else TTL // 2
        self._life = 0
        self._asking = 0
        self._beats_left = 0
        self._last_yes = 0
        self._later(self.world.between(0, 8 * MINUTE), self.acquire)

    def _later(self, delay: int, action: Callable[[], None]) -> None:
        """Do it, unless this life of the program is over by then."""
        life = self._life

        def if_still_alive() -> None:
            if self._life == life:
                action()

        self.world.at(max(0, delay), if_still_alive)

    def _send(self, operation: Operation, done: Callable[[Answer | None], None]) -> None:
        life = self._life

        def if_still_alive(answer: Answer | None) -> None:
            self.world.note(f"machine {self.hardware_id}", answer)
            if self._life == life:
                done(answer)

        self.site.request(operation, if_still_alive)

    def acquire(self) -> None:
        if self.session_id is not None or self._asking:
            return
        self._asking = 2 if self.world.chance(0.15) else 1
        for _ in range(self._asking):
            self._send(lambda web: acquire(web, self.license, self.user_id, self.hardware_id), self._acquired)

    def _acquired(self, answer: Answer | None) -> None:
        world = self.world
        self._asking -= 1
        if answer is None or answer.status == 503:
            self._later(world.between(SECOND, 20 * SECOND), self.acquire)
        elif answer.status == 409:
            self.site.referee.told_full(answer, self.session_id)
            at_once = answer.retry_at - world.now + world.between(0, 50)
            delay = at_once if world.chance(0.6) else world.between(SECOND, TTL)
            self._later(delay, self.acquire)
        elif answer.status in (200, 201):
            self._hold(answer)

    def _hold(self, answer: Answer) -> None:
        self.site.referee.told_yes(self.license, answer)
        self._last_yes = self.world.now
        if self.session_id == answer.pk:
            return
        self.session_id = answer.pk
        self._beats_left = self.world.between(0, 10 * TTL // 2 // self._interval)
        self._later(self._interval, self.beat)

    def beat(self) -> None:
        if self.session_id is None:
            return
        if self._beats_left == 0 and self.world.chance(0.7):
            self._leave()
            return
        self._beats_left = max(0, self._beats_left - 1)
        session_id = self.session_id
        self._send(lambda web: heartbeat(web, self.license, session_id, self.user_id), self._beaten)

    def _beaten(self, answer: Answer | None) -> None:
        world = self.world
        if self.session_id is None:
            return
        if answer is None or answer.status == 503:
            # The guide's client lets its next turn pass; others try again soon.
            late = self._last_yes + LATE - world.now
            is_patient = world.chance(0.5) and late > 0
            self._later(late if is_patient else world.between(SECOND, MINUTE), self.beat)
        elif answer.status == 200 and answer.pk == self.session_id:
            self.site.referee.told_yes(self.license, answer)
            self._last_yes = world.now
            self._later(self._interval + world.between(-SECOND, SECOND), self.beat)
        elif answer.status == 404 and answer.pk == self.session_id:
            self.site.referee.told_gone(self.license, answer)
            self.session_id = None
            self._later(world.between(0, MINUTE), self.acquire)

    def _leave(self) -> None:
        """Quit properly, or fall silent."""
        if self.world.chance(0.5):
            self._release(tries=3)
        else:
            self.die()

    def _release(self, *, tries: int) -> None:
        session_id = self.session_id
        if session_id is None:
            return
        self.site.referee.gave_up(session_id)

        def released(answer: Answer | None) -> None:
            is_done = answer is not None and answer.status == 200
            if not is_done and tries > 1:
                self._later(self.world.between(0, 5 * SECOND), lambda: self._release(tries=tries - 1))
                return
            self.session_id = None
            self._later(self.world.between(0, 3 * TTL), self.acquire)
            if is_done:
                self._invite()

        self._send(lambda web: release(web, self.license, session_id), released)

    def _invite(self) -> None:
        """Whoever waits for a seat of this license asks at once."""
        waiting = [m for m in self.site.machines if m.license is self.license and m is not self]
        for machine in waiting[:2]:
            machine.acquire()

    def die(self) -> None:
        self._life += 1
        self._asking = 0
        self.session_id = None
        self.world.note(f"machine {self.hardware_id} falls silent")
        delay = self.world.between(SECOND, 4 * TTL)
        self._later(delay, self.acquire)
