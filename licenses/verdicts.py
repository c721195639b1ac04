"""Verdicts on keys, remembered in Redis for some seconds. The only module that knows how they are laid out.

A verdict lies under the hash of its key, behind the replication id of the Redis that took it: what comes back after a
restart, a rollback or a promotion is not believed. While a license changes, and for a minute after, a mark lies in that
place, which only time removes; so whoever read the license before the change cannot put an old verdict there. All
functions raise RedisUnavailable. Why this suffices: docs/decisions/0013-remembered-verdicts.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from redis import Redis

from coditect.redis import RedisUnavailable, Script, ask, breaker

# How long a verdict is remembered: whatever goes wrong, a wrong one is not older.
LIFE = timedelta(seconds=5)
# Who saw Redis fail may have failed to mark a change: it believes nothing until all verdicts of then are gone.
DOUBT = 2 * LIFE
# So soon after looking a reader must bring its verdict.
READING = timedelta(seconds=1)
# A mark lies longer than a transaction lasts; by far longer than anybody still reads who looked before the commit.
MARKED = timedelta(minutes=1)
MARK = "changed"
MILLISECOND = timedelta(milliseconds=1)
PRELUDE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local gen = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
"""
# Answers the time (ms), the replication id and, where there is one, the verdict.
LOOK = Script(
    PRELUDE
    + """
local found = redis.call('GET', KEYS[1])
if found and string.sub(found, 1, #gen) == gen then return {now, gen, string.sub(found, #gen + 1)} end
return {now, gen}
"""
)
# ARGV: 1 when the reader looked (ms), 2 the replication id of then, 3 how long it may read, 4 life (ms), 5 verdict.
KEEP = Script(
    PRELUDE
    + """
local late = now - tonumber(ARGV[1])
if gen ~= ARGV[2] or late < 0 or late > tonumber(ARGV[3]) then return {0} end
return {redis.call('SET', KEYS[1], gen .. ARGV[5], 'PX', ARGV[4], 'NX') and 1 or 0}
"""
)


@dataclass(frozen=True, kw_only=True)
class Look:
    """What lay in a verdict's place, if anything, and when that was, by Redis's clock and replication id."""

    text: str | None
    at_ms: int
    generation: str


def look(key_hash: str) -> Look:
    """Read the verdict on a key."""
    if breaker.seconds_since_failure() < DOUBT.total_seconds():
        raise RedisUnavailable
    at_ms, generation, *found = LOOK([_name(key_hash)], [])
    return Look(text=found[0].decode() if found else None, at_ms=at_ms, generation=generation.decode())


def keep(key_hash: str, text: str, *, since: Look, life: timedelta) -> bool:
    """Remember a verdict made after looking, unless the license has changed meanwhile; whether it was."""
    reading_ms, life_ms = READING // MILLISECOND, max(1, life // MILLISECOND)
    kept = KEEP([_name(key_hash)], [since.at_ms, since.generation, reading_ms, life_ms, text])
    return bool(kept[0])


def mark(key_hashes: Iterable[str]) -> None:
    """Forget the verdicts on keys, and let none be remembered for a minute."""
    names = [_name(key_hash) for key_hash in key_hashes]

    def send(client: Redis) -> None:
        with client.pipeline(transaction=False) as pipeline:
            for name in names:
                pipeline.set(name, MARK, px=MARKED)
            pipeline.execute()

    ask(send)


def _name(key_hash: str) -> str:
    return f"verdict:{key_hash}"
