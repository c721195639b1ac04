"""The one connection to Redis: short time-outs, no retries, and a breaker, so that an outage costs milliseconds."""

import hashlib
import math
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import redis
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from hiredis import pack_command
from redis.backoff import NoBackoff
from redis.connection import AbstractConnection, ConnectionPool
from redis.exceptions import NoPermissionError, NoScriptError, RedisError, ResponseError
from redis.retry import Retry

from coditect.errors import Unavailable

Answer = TypeVar("Answer")
OPEN_AFTER_FAILURES = 3
OPEN_SECONDS = 1.0
# A connection that answered so short a time ago is not looked at again before its next command.
FRESH_SECONDS = 1.0
KEEPS_EVERYTHING = "noeviction"


class RedisUnavailable(Unavailable):
    """Redis did not answer in time, refused, or has failed so often that it was not asked.

    A command that timed out may still run later.
    """


class Breaker:
    """Stops asking after three failures in a row, for one second; then one caller at a time tries again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._closed_at = 0.0
        self._failed_at = -math.inf

    def allows(self) -> bool:
        """Whether to ask; an open breaker lets one caller through when its time is over."""
        if self._failures < OPEN_AFTER_FAILURES:
            return True
        with self._lock:
            if self._clock() < self._closed_at:
                return False
            self._closed_at = self._clock() + OPEN_SECONDS
            return True

    def succeeded(self) -> None:
        """Close."""
        self._failures = 0

    def failed(self) -> None:
        """Count; open at the third in a row."""
        with self._lock:
            self._failures += 1
            self._failed_at = self._clock()
            self._closed_at = self._failed_at + OPEN_SECONDS

    def seconds_since_failure(self) -> float:
        """How long nothing has failed, whatever succeeded meanwhile."""
        return self._clock() - self._failed_at

    def forget(self) -> None:
        """Be as new."""
        self._failures, self._failed_at = 0, -math.inf


breaker = Breaker()


def connect(url: str | None = None) -> redis.Redis:
    """A client whose connections time out after 250 ms; redis-py's default retries would make that 7 s."""
    return redis.Redis.from_url(
        url or settings.REDIS_URL,
        socket_timeout=settings.REDIS_TIMEOUT_SECONDS,
        socket_connect_timeout=settings.REDIS_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
    )


client = connect()


def ask(command: Callable[[redis.Redis], Answer]) -> Answer:
    """Run one command behind the breaker. Raises RedisUnavailable."""
    return _behind_breaker(command, client)


def refuse_unfit_server() -> None:
    """Check at the start that Redis can hold leases; one that is away does not block the start.

    Raises ImproperlyConfigured where it evicts keys, or where INFO, by which scripts notice a restart, is denied.
    """
    try:
        ask(lambda client: client.info("replication"))
        policy = ask(lambda client: client.info("memory"))["maxmemory_policy"]
    except RedisUnavailable as error:
        if isinstance(error.__cause__, NoPermissionError):
            raise ImproperlyConfigured("REDIS_URL names a user who may not run INFO; grant it: +info.") from error
        return
    if policy != KEEPS_EVERYTHING:
        raise ImproperlyConfigured(
            f"REDIS_URL leads to a Redis with maxmemory-policy {policy}; leases need {KEEPS_EVERYTHING}."
        )


class Script:
    """A Lua script, run by its hash on a connection that the calling thread keeps: a third of the client's cost.

    Raises RedisUnavailable.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._sha = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()

    def __call__(self, keys: Sequence[str], arguments: Sequence[str | int]) -> list[Any]:
        """What the script answers."""
        return _behind_breaker(self._run, keys, arguments)

    def _run(self, keys: Sequence[str], arguments: Sequence[str | int]) -> list[Any]:
        connection = _own_connection()
        try:
            try:
                return _exchange(connection, "EVALSHA", self._sha, len(keys), *keys, *arguments)
            except NoScriptError:
                return _exchange(connection, "EVAL", self._source, len(keys), *keys, *arguments)
        except ResponseError:
            raise
        except BaseException:
            # An answer may still be on its way: it must not be taken for that of the next command.
            connection.disconnect()
            _own.used_at = -math.inf
            raise


def _behind_breaker(command: Callable[..., Answer], *arguments: Any) -> Answer:
    if not breaker.allows():
        raise RedisUnavailable
    try:
        answer = command(*arguments)
    except (RedisError, OSError) as error:
        breaker.failed()
        raise RedisUnavailable from error
    breaker.succeeded()
    return answer


def _exchange(connection: AbstractConnection, *command: Any) -> list[Any]:
    connection.send_packed_command([pack_command(command)], check_health=False)
    answer: list[Any] = connection.read_response()
    _own.used_at = time.monotonic()
    return answer


class _Own(threading.local):
    """What each thread keeps: its connection, made for a pool, and when that last answered."""

    pool: ConnectionPool | None = None
    connection: AbstractConnection
    used_at = -math.inf


_own = _Own()


def _own_connection() -> AbstractConnection:
    """This thread's connection; one that the server has closed meanwhile is opened anew."""
    pool = client.connection_pool
    if _own.pool is pool and time.monotonic() - _own.used_at < FRESH_SECONDS:
        return _own.connection
    if _own.pool is not pool:
        # Not pool.make_connection(): it counts up to 100 and never down, though threads come and go.
        _own.pool, _own.connection = pool, pool.connection_class(**pool.connection_kwargs)
    connection = _own.connection
    if connection.is_connected and _is_stale(connection):
        connection.disconnect()
    if not connection.is_connected:
        connection.connect()
    return connection


def _is_stale(connection: AbstractConnection) -> bool:
    """Whether something waits to be read where nothing was asked: the server's farewell, or an error."""
    try:
        return bool(connection.can_read())
    except (RedisError, OSError):
        return True
