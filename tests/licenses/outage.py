"""Redis away: connections go to a port where nobody listens."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.utils import timezone

from coditect import redis
from licenses import leases
from licenses.models import RedisNote
from licenses.services.seats import watch_clock

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


def age_redis_note(age: timedelta) -> None:
    """Let the last use of Redis be as long ago as that."""
    RedisNote.objects.update_or_create(pk=1, defaults={"seen_at": timezone.now() - age})


def let_silence_pass(period: timedelta) -> None:
    """As if nobody had used Redis for so long, and this process had watched all the while."""
    age_redis_note(period)
    watch_for(period)


def watch_for(period: timedelta) -> None:
    """As if this process had watched the note for so long, and it had stood still."""
    watch_clock()
    leases.memory._note_still_since -= period / leases.MILLISECOND
