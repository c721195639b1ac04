"""The one connection to Redis: short time-outs, no retries, and a breaker, so that an outage costs milliseconds."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from coditect.errors import Unavailable

Answer = TypeVar("Answer")
OPEN_AFTER_FAILURES = 3
OPEN_SECONDS = 1.0


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
            self._closed_at = self._clock() + OPEN_SECONDS


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
    if not breaker.allows():
        raise RedisUnavailable
    try:
        answer = command(client)
    except (RedisError, OSError) as error:
        breaker.failed()
        raise RedisUnavailable from error
    breaker.succeeded()
    return answer
