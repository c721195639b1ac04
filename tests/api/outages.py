"""Real outages: connections go to a port where nothing listens."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from django.db import connection

from coditect import redis

DEAD_PORT = 1


@contextmanager
def database_away() -> Iterator[None]:
    """PostgreSQL cannot be reached; only for tests without a transaction around them."""
    connection.close()
    with patch.dict(connection.settings_dict, {"HOST": "127.0.0.1", "PORT": DEAD_PORT}):
        yield
        connection.close()


@contextmanager
def redis_away() -> Iterator[None]:
    """Redis cannot be reached."""
    with patch.object(redis, "client", redis.connect(f"redis://127.0.0.1:{DEAD_PORT}")):
        yield
    redis.breaker.succeeded()
