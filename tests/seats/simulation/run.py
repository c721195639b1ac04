"""One seed from beginning to end."""

import sys
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import wraps
from typing import Any
from uuid import UUID

from django.test.utils import override_settings

from licenses.leases import MILLISECOND
from tests.seats.simulation.administrator import Administrator
from tests.seats.simulation.clients import Machine, Site
from tests.seats.simulation.faults import Faults
from tests.seats.simulation.operations import note_use, repair_all, sweep
from tests.seats.simulation.postgres import License, Postgres
from tests.seats.simulation.process import Process, leases_in
from tests.seats.simulation.redis_server import Redis
from tests.seats.simulation.referee import Referee, Violation
from tests.seats.simulation.rules import Rules
from tests.seats.simulation.world import MINUTE, SECOND, TTL, World

DURATION = 45 * MINUTE
SWEEP_PERIOD = 15 * SECOND
PULSE_PERIOD = 5 * SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one seed came to."""

    seed: int
    steps: int
    sessions: int
    faults: Counter[str]
    violations: list[Violation]
    trace: list[str]


def _unmeasured(play: Callable[..., Result]) -> Callable[..., Result]:
    """Without a tracer: measuring the coverage of a model doubles its time, and tells nothing."""

    @wraps(play)
    def played(**options: Any) -> Result:
        tracer = sys.gettrace()
        sys.settrace(None)
        try:
            return play(**options)
        finally:
            sys.settrace(tracer)

    return played


@_unmeasured
@override_settings(SEAT_TTL_SECONDS=TTL // SECOND, RATE_LIMIT_FACTOR=0)
def simulate(*, seed: int, rules: Rules | None = None, only: Collection[str] = (), trace: bool = False) -> Result:
    """Run one seed until its time is up or a promise is broken; `only` names the faults it may have."""
    rules = rules or Rules()
    world = World(seed=seed, trace=trace)
    site = _build(world, rules)
    faults = Faults(site=site, every=_often(world), only=only)
    administrator = Administrator(site=site, every=_often(world), most_seats=4)
    world.ambush_chance = (0.0, 0.0005, 0.003)[world.between(0, 2)]
    world.ambush = lambda: administrator.act() if world.chance(0.4) else faults.strike()
    _keep_house(site, faults)
    with leases_in(world):
        world.run(until=DURATION)
    return Result(
        seed=seed,
        steps=world.steps,
        sessions=len(site.postgres.sessions),
        faults=faults.counts,
        violations=site.referee.violations,
        trace=world.trace or [],
    )


def _build(world: World, rules: Rules) -> Site:
    referee = Referee(world=world)
    postgres = Postgres(world=world, referee=referee, has_indexes=rules.unique_indexes)
    redis = Redis(world=world, referee=referee, changes=rules.changes)
    referee.postgres = postgres
    names = ("web-1", "web-2", "worker")
    processes = [Process(name, world=world, postgres=postgres, redis=redis, rules=rules) for name in names]
    for process in processes:
        process.wall_clock = world.between(-10, 10) * MINUTE
    postgres.commit_trouble = (0.0, 0.02, 0.1)[world.between(0, 2)]
    world.stall_chance = (0.0, 0.0, 0.003)[world.between(0, 2)]
    most_seats = world.between(1, 4)
    site = Site(world=world, referee=referee, postgres=postgres, redis=redis, webs=processes[:2], worker=processes[2])
    for pk in (1, 2):
        site.licenses.append(_license(pk, site, rules, most_seats))
    for number in range(world.between(3, 8)):
        # Users have several machines, and licenses more machines than seats.
        license = site.licenses[number % 3 % 2]
        machine = Machine(site=site, license=license, user_id=UUID(int=number // 3), hardware_id=f"machine-{number}")
        site.machines.append(machine)
    return site


def _license(pk: int, site: Site, rules: Rules, most_seats: int) -> License:
    world = site.world
    ends_at = world.between(20, 70) * MINUTE if world.chance(0.15) else None
    license = License(
        pk=pk,
        lease_group=f"{pk if rules.own_lease_group else 0:012x}",
        max_seats=world.between(1, most_seats),
        expires_at=None if ends_at is None else site.postgres.now() + ends_at * MILLISECOND,
        ends_at=ends_at,
    )
    site.postgres.licenses[pk] = license
    site.redis.licenses[license.lease_group] = pk
    site.referee.seats[pk] = [(0, license.max_seats)]
    return license


def _often(world: World) -> int:
    return (30 * SECOND, 2 * MINUTE, 6 * MINUTE)[world.between(0, 2)]


def _keep_house(site: Site, faults: Faults) -> None:
    """The sweep every 15 s by the worker, the pulse every 5 s in each web process."""
    world, worker = site.world, site.worker

    def sweep_again() -> None:
        world.at(SWEEP_PERIOD, sweep_again)
        if worker.is_alive and not faults.is_sweep_stopped:
            worker.run(lambda: sweep(worker), lambda _: None)

    def pulse_again(web: Process) -> None:
        world.at(PULSE_PERIOD, lambda: pulse_again(web))
        if web.is_alive:
            note_use(web)
        if web.is_alive and site.postgres.repairs:
            web.run(lambda: repair_all(web), lambda _: None)

    world.at(world.between(0, SWEEP_PERIOD), sweep_again)
    for web in site.webs:
        world.at(world.between(0, PULSE_PERIOD), lambda web=web: pulse_again(web))  # type: ignore[misc]  # the default binds the web
