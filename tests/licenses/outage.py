"""Redis away: connections go to a port where nobody listens."""

from collections.abc import Iterator
from contextlib import contextmanager

from coditect import redis

DEAD = "redis://127.0.0.1:1/0"


@contextmanager
def redis_away() -> Iterator[None]:
    """Inside, every command is refused by the operating system; afterwards the breaker is closed again."""
    pool, redis.client.connection_pool = redis.client.connection_pool, redis.connect(DEAD).connection_pool
    try:
        yield
    finally:
        redis.client.connection_pool = pool
        redis.breaker.succeeded()
