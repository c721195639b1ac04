"""The faults: each is injected into a running set of services and undone again."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import psycopg
import redis

from coditect.local.ports import LOOPBACK
from coditect.local.programs import Program
from coditect.local.valkey import Valkey
from tests.faults.clocks import TEN_MINUTES, Clock
from tests.faults.setting import Setting

Fault = Callable[[Setting, float], AbstractContextManager[None]]


def _redis(setting: Setting) -> "redis.Redis":
    return redis.Redis.from_url(setting.live.valkey.url, socket_timeout=5)


@contextmanager
def nothing(setting: Setting, ttl: float) -> Iterator[None]:
    """The control: no fault at all."""
    yield


@contextmanager
def redis_killed(setting: Setting, ttl: float) -> Iterator[None]:
    """Redis dies, and comes back with its append-only file."""
    setting.live.valkey.kill()
    yield
    setting.live.valkey.start()


@contextmanager
def redis_restarted_empty(setting: Setting, ttl: float) -> Iterator[None]:
    """Redis dies, and comes back without a memory."""
    valkey = setting.live.valkey
    valkey.kill()
    for leftover in valkey.directory.rglob("appendonlydir"):
        shutil.rmtree(leftover)
    for leftover in valkey.directory.rglob("*.rdb"):
        leftover.unlink()
    yield
    valkey.start()


@contextmanager
def redis_flushed(setting: Setting, ttl: float) -> Iterator[None]:
    """Somebody types FLUSHALL."""
    _redis(setting).flushall()
    yield


@contextmanager
def redis_rolled_back(setting: Setting, ttl: float) -> Iterator[None]:
    """Redis dies, and comes back as it was a moment ago."""
    valkey = setting.live.valkey
    saved = setting.live.directory / "saved"
    shutil.rmtree(saved, ignore_errors=True)
    shutil.copytree(valkey.directory, saved, ignore_dangling_symlinks=True)
    time.sleep(ttl)
    valkey.kill()
    shutil.rmtree(valkey.directory)
    shutil.copytree(saved, valkey.directory)
    yield
    valkey.start()


def _follow(server: "redis.Redis", leader: int) -> None:
    """Copy a leader."""
    server.replicaof(LOOPBACK, leader)
    _until(lambda: server.info("replication")["master_link_status"] == "up")


def _lead(server: "redis.Redis") -> None:
    """Be promoted."""
    server.replicaof("NO", "ONE")


@contextmanager
def redis_failed_over(setting: Setting, ttl: float) -> Iterator[None]:
    """A replica is promoted, later the old primary again: each knows what the other forgot.

    The old one is cut off first, as `min-replicas-to-write` or whoever promotes must see to: of two primaries in use at
    once each would sell the same seat.
    """
    primary = setting.live.valkey
    replica = Valkey(setting.live.directory / "replica")
    replica.start()
    with redis.Redis.from_url(replica.url) as two, redis.Redis.from_url(primary.url) as one:
        two.config_set("masterauth", primary.password)
        one.config_set("masterauth", replica.password)
        _follow(two, primary.port)
        setting.proxy.lead_to(None)
        _lead(two)
        two.config_set("requirepass", primary.password)
        setting.proxy.lead_to(replica.port)
        time.sleep(ttl)
        one.config_set("masterauth", primary.password)
        _follow(one, replica.port)
        setting.proxy.lead_to(None)
        _lead(one)
        yield
        setting.proxy.lead_to(primary.port)
    replica.kill()


@contextmanager
def _paused(setting: Setting, seconds: float) -> Iterator[None]:
    os.kill(setting.live.valkey.pid, signal.SIGSTOP)
    try:
        time.sleep(seconds)
        yield
    finally:
        os.kill(setting.live.valkey.pid, signal.SIGCONT)


def redis_paused(setting: Setting, ttl: float) -> AbstractContextManager[None]:
    """Redis stands still for 2 s; what was sent to it runs when it wakes."""
    return _paused(setting, 2.0)


def redis_paused_long(setting: Setting, ttl: float) -> AbstractContextManager[None]:
    """Redis stands still for longer than a lease."""
    return _paused(setting, ttl * 1.5)


@contextmanager
def _slow(setting: Setting, delay: float, ttl: float) -> Iterator[None]:
    setting.proxy.delay = delay
    time.sleep(ttl)
    yield
    setting.proxy.delay = 0.0


def redis_slow(setting: Setting, ttl: float) -> AbstractContextManager[None]:
    """Each message to and from Redis takes 100 ms, a round trip 200."""
    return _slow(setting, 0.1, ttl)


def redis_very_slow(setting: Setting, ttl: float) -> AbstractContextManager[None]:
    """A round trip takes 2 s: every command times out, and runs later."""
    return _slow(setting, 1.0, ttl)


@contextmanager
def redis_resetting(setting: Setting, ttl: float) -> Iterator[None]:
    """A tenth of the messages ends in a reset."""
    setting.proxy.resets = 0.1
    time.sleep(ttl * 1.5)
    yield
    setting.proxy.resets = 0.0


@contextmanager
def redis_full(setting: Setting, ttl: float) -> Iterator[None]:
    """Redis refuses to write."""
    with _redis(setting) as client:
        client.config_set("maxmemory", 1)
        time.sleep(ttl * 1.5)
        yield
        client.config_set("maxmemory", 0)


@contextmanager
def postgres_killed(setting: Setting, ttl: float) -> Iterator[None]:
    """PostgreSQL dies, and recovers from its log."""
    setting.live.postgres.kill()
    time.sleep(0.5)
    yield
    setting.live.postgres.start()


@contextmanager
def postgres_read_only(setting: Setting, ttl: float) -> Iterator[None]:
    """A failover left us connected to a standby."""
    with psycopg.connect(setting.live.postgres.url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        connection.execute("SELECT pg_reload_conf()")
        time.sleep(ttl)
        yield
        connection.execute("SET default_transaction_read_only = off")
        connection.execute("ALTER SYSTEM RESET default_transaction_read_only")
        connection.execute("SELECT pg_reload_conf()")


@contextmanager
def postgres_locked(setting: Setting, ttl: float) -> Iterator[None]:
    """Somebody holds the license rows for 2 s."""
    with psycopg.connect(setting.live.postgres.url) as connection:
        connection.execute("SELECT id FROM licenses_license FOR UPDATE")
        time.sleep(2.0)
        connection.rollback()
    yield


@contextmanager
def web_killed(setting: Setting, ttl: float) -> Iterator[None]:
    """The web dies in the middle of its requests."""
    web = setting.live.web.process
    assert web is not None
    web.kill()
    web.wait()
    yield
    setting.live.start_web()


@contextmanager
def _killed(program: Program) -> Iterator[None]:
    assert program.process is not None
    program.process.kill()
    program.process.wait()
    yield
    program.launch()


def worker_killed(setting: Setting, ttl: float) -> AbstractContextManager[None]:
    """The Celery worker dies."""
    return _killed(setting.live.worker)


def no_beat(setting: Setting, ttl: float) -> AbstractContextManager[None]:
    """Nobody asks for sweeps any more."""
    return _killed(setting.live.beat)


@contextmanager
def sweeps_galore(setting: Setting, ttl: float) -> Iterator[None]:
    """Two beats, and more: sweeps come from everywhere, all the time."""
    with setting.sweeping(), setting.sweeping():
        time.sleep(ttl)
    yield


@contextmanager
def _clock_off(setting: Setting, clock: Clock, ahead: float, ttl: float) -> Iterator[None]:
    clock.step(ahead)
    try:
        time.sleep(ttl * 2)
        yield
    finally:
        clock.step(0)


def web_ahead(setting: Setting, ttl: float) -> AbstractContextManager[None]:
    """The clock of web, worker and beat jumps ahead of everybody's, and later back."""
    return _clock_off(setting, setting.clocks.web, TEN_MINUTES, ttl)


def redis_ahead(setting: Setting, ttl: float) -> AbstractContextManager[None]:
    """Redis's clock jumps ahead while clients hold seats, and later back."""
    return _clock_off(setting, setting.clocks.redis, TEN_MINUTES, ttl)


def redis_behind(setting: Setting, ttl: float) -> AbstractContextManager[None]:
    """Redis's clock jumps back while clients hold seats, and later forward again."""
    return _clock_off(setting, setting.clocks.redis, -TEN_MINUTES, ttl)


@contextmanager
def postgres_ahead(setting: Setting, ttl: float) -> Iterator[None]:
    """PostgreSQL's clock jumps ahead, and stays so: turned back, promises of the later time would still hold."""
    setting.clocks.postgres.step(TEN_MINUTES)
    time.sleep(ttl * 2)
    yield


@contextmanager
def clocks_disagree(setting: Setting, ttl: float) -> Iterator[None]:
    """No two clocks are within ten minutes of each other, from one moment on."""
    setting.clocks.web.step(TEN_MINUTES)
    setting.clocks.postgres.step(2 * TEN_MINUTES)
    setting.clocks.redis.step(-TEN_MINUTES)
    time.sleep(ttl * 2)
    yield


@contextmanager
def clocks_ahead(setting: Setting, ttl: float) -> Iterator[None]:
    """The machine that everything runs on has its clock set: the clocks agree as before, and every lease looks past."""
    for clock in (setting.clocks.web, setting.clocks.postgres, setting.clocks.redis):
        clock.step(clock.ahead + TEN_MINUTES)
    time.sleep(ttl * 2)
    yield


def _until(holds: Callable[[], bool], *, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError("the fault could not be made")
        time.sleep(0.02)


FAULTS: dict[str, Fault] = {
    "nothing": nothing,
    "Redis kill -9": redis_killed,
    "Redis restarted empty": redis_restarted_empty,
    "Redis FLUSHALL": redis_flushed,
    "Redis rolled back": redis_rolled_back,
    "Redis failover and back": redis_failed_over,
    "Redis SIGSTOP 2 s": redis_paused,
    "Redis SIGSTOP > TTL": redis_paused_long,
    "Redis slow by 200 ms": redis_slow,
    "Redis slow by 2 s": redis_very_slow,
    "Redis 10 % resets": redis_resetting,
    "Redis memory full": redis_full,
    "Postgres kill -9": postgres_killed,
    "Postgres read-only": postgres_read_only,
    "Postgres lock held": postgres_locked,
    "web kill -9": web_killed,
    "worker kill -9": worker_killed,
    "no beat": no_beat,
    "two beats": sweeps_galore,
}
# These need services that were started with clocks of their own, so they come last.
CLOCK_FAULTS: dict[str, Fault] = {
    "web 10 min ahead": web_ahead,
    "Redis 10 min ahead": redis_ahead,
    "Redis 10 min behind": redis_behind,
    "Postgres 10 min ahead": postgres_ahead,
    "all clocks disagree": clocks_disagree,
    "all clocks 10 min ahead": clocks_ahead,
}
