"""What goes wrong, when, and for how long: every kind is on or off for a whole seed."""

from collections import Counter
from collections.abc import Callable, Collection
from typing import Any

from tests.seats.simulation.clients import Site
from tests.seats.simulation.postgres import Postgres
from tests.seats.simulation.process import Process
from tests.seats.simulation.redis_server import Redis
from tests.seats.simulation.world import MINUTE, SECOND, TTL, World

# The same for both clocks: what one moved by, the other may move by a moment later.
STEP = MINUTE


class Faults:
    """Draws the faults of one seed."""

    def __init__(self, *, site: Site, every: int, only: Collection[str] = ()) -> None:
        self.site, self.postgres, self.redis = site, site.postgres, site.redis
        self.world: World = site.world
        self.is_sweep_stopped = False
        self.counts: Counter[str] = Counter()
        self._every = every
        self._long_share = 0.6 if self.world.chance(0.3) else 0.2
        kinds = (
            self.wipe,
            self.flush,
            self.lose_facts,
            self.restart,
            self.roll_back,
            self.promote,
            self.promote_and_back,
            self.pause,
            self.outage,
            self.cut_off,
            self.flaky,
            self.failing_commits,
            self.crash,
            self.stop_sweep,
            self.step_redis_clock,
            self.flap_redis_clock,
            self.step_postgres_clock,
            self.flap_postgres_clock,
            self.step_both_clocks,
            self.postgres_outage,
        )
        # Some kinds in each seed, not all: they meet more often, and the others hide nothing.
        share = (0.1, 0.2, 0.5)[self.world.between(0, 2)]
        self._kinds = [kind for kind in kinds if self.world.chance(share)]
        if only:
            self._kinds = [kind for kind in kinds if kind.__name__ in only]
        steps_of_postgres = (self.step_postgres_clock, self.flap_postgres_clock, self.step_both_clocks)
        site.referee.is_strict_about_dead = not any(kind in steps_of_postgres for kind in self._kinds)
        if any(license.expires_at is not None for license in site.licenses):
            # The end of a license is a moment of that very clock.
            self._kinds = [kind for kind in self._kinds if kind not in steps_of_postgres]
        if self._kinds:
            self._wait()

    def _wait(self) -> None:
        self.world.at(self.world.between(1, 2 * self._every), self._strike)

    def _strike(self) -> None:
        self.strike()
        self._wait()

    def strike(self) -> None:
        if not self._kinds:
            return
        kind = self._kinds[self.world.between(0, len(self._kinds) - 1)]
        self.counts[kind.__name__] += 1
        self.world.fault(kind.__name__)
        kind()

    def _lasting(self, duration: int, end: Callable[[], None]) -> None:
        self.world.active_faults += 1

        def finish() -> None:
            end()
            self.world.active_faults -= 1
            self.world.fault("over:", getattr(end, "__name__", ""))

        self.world.at(duration, finish)

    def _while(self, *, short: int, long: int) -> int:
        """Mostly short, at times longer than any promise."""
        world = self.world
        return world.between(TTL, 2 * TTL) if world.chance(self._long_share) else world.between(short, long)

    def _process(self) -> Process:
        processes = [*self.site.webs, self.site.worker]
        return processes[self.world.between(0, len(processes) - 1)]

    # Redis loses data.

    def flush(self) -> None:
        self.redis.flush()

    def lose_facts(self) -> None:
        """One key of a license is gone and the other is not, as after an eviction."""
        for license in self.site.licenses:
            if self.world.chance(0.5):
                self.redis.lose_facts(license.lease_group)

    def wipe(self) -> None:
        self.redis.flush()
        self._restart_after(self.world.between(0, 3 * SECOND))

    def restart(self) -> None:
        self._restart_after(self.world.between(0, 3 * SECOND))

    def roll_back(self) -> None:
        older = self.redis.snapshot()

        def restore() -> None:
            self.redis.restore(older)
            self._restart_after(self.world.between(0, 3 * SECOND))

        self.world.at(self.world.between(SECOND, 15 * MINUTE), restore)

    def _restart_after(self, duration: int) -> None:
        redis = self.redis
        redis.is_down = True
        redis.is_paused = False
        redis.waiting.clear()

        def come_back() -> None:
            redis.is_down = False
            redis.be_born()

        self._lasting(duration, come_back)

    def promote(self) -> None:
        """The replica takes over, without the last writes."""
        replica = self.redis.snapshot()
        lag = self.world.between(0, 10 * SECOND)
        self.world.at(lag, lambda: self._take_over(replica))

    def promote_and_back(self) -> None:
        """The old primary returns as the replica of the new one, lags, and is promoted in turn."""
        replica = self.redis.snapshot()
        copy = self.redis.snapshot()
        self._take_over(replica)
        reign = self.world.between(SECOND, 20 * SECOND)
        self.world.at(reign, lambda: self._take_over(copy))

    def _take_over(self, data: Any) -> None:
        redis = self.redis
        redis.restore(data)
        redis.be_born()
        redis.waiting.clear()
        self.world.fault("another Redis is the primary")

    # Redis does not answer.

    def pause(self) -> None:
        redis = self.redis
        redis.is_paused = True

        def wake() -> None:
            redis.is_paused = False
            waiting, redis.waiting = redis.waiting, []
            self.world.random.shuffle(waiting)
            for command in waiting:
                command()

        self._lasting(self._while(short=100, long=20 * SECOND), wake)

    def outage(self) -> None:
        self._restart_after(self._while(short=5 * SECOND, long=3 * MINUTE))

    def cut_off(self) -> None:
        process = self._process()
        process.is_cut_off = True

        def mend() -> None:
            process.is_cut_off = False

        self._lasting(self._while(short=5 * SECOND, long=3 * MINUTE), mend)

    def flaky(self) -> None:
        redis = self.redis
        redis.trouble = 0.3
        redis.late_share = (0.2, 0.9)[self.world.between(0, 1)]

        def calm() -> None:
            redis.trouble = 0.0

        self._lasting(self.world.between(10 * SECOND, 2 * MINUTE), calm)

    # Postgres and our own processes.

    def failing_commits(self) -> None:
        postgres = self.postgres
        before = postgres.commit_trouble
        postgres.commit_trouble = 0.4

        def calm() -> None:
            postgres.commit_trouble = min(before, 0.05)

        self._lasting(self.world.between(10 * SECOND, 3 * MINUTE), calm)

    def postgres_outage(self) -> None:
        postgres = self.postgres
        postgres.go_down()

        def come_back() -> None:
            postgres.is_down = False

        self._lasting(self._while(short=SECOND, long=20 * SECOND), come_back)

    def crash(self) -> None:
        process = self._process()
        process.crash()
        self._lasting(self._while(short=SECOND, long=30 * SECOND), process.restart)

    def stop_sweep(self) -> None:
        self.is_sweep_stopped = True

        def resume() -> None:
            self.is_sweep_stopped = False

        self.world.at(self.world.between(MINUTE, 30 * MINUTE), resume)

    # Clocks.

    def step_redis_clock(self) -> None:
        self.redis.clock = self._another(self.redis.clock)

    def step_postgres_clock(self) -> None:
        self.postgres.clock = self._another(self.postgres.clock)

    def step_both_clocks(self) -> None:
        """The clock of the machine that both run on is set: between the two nothing has changed."""
        step = STEP * self.world.between(-10, 10)
        self.redis.clock += step
        self.postgres.clock += step

    def flap_redis_clock(self) -> None:
        self._flap(self.redis)

    def flap_postgres_clock(self) -> None:
        self._flap(self.postgres)

    def _flap(self, server: Redis | Postgres) -> None:
        """A step, and soon back: between the two, perhaps, nobody looks."""
        before = server.clock
        server.clock = self._another(before)

        def return_() -> None:
            server.clock = before

        self._lasting(self.world.between(SECOND, TTL // 2), return_)

    def _another(self, clock: int) -> int:
        """Ten minutes either way, or back to where it was."""
        return 0 if clock and self.world.chance(0.5) else STEP * self.world.between(-10, 10)
