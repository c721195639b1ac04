"""Webhooks while the deliverer, Redis and PostgreSQL are killed, and beside receivers that hang."""

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import redis
import requests

from tests.faults.table import Row
from tests.faults.teller import Teller
from tests.live import Live
from tests.webhooks.order import violations
from tests.webhooks.receiver import Receiver, Reply, receiving

EVENTS = 5_000
RECEIVERS = 3
APART_SECONDS = 0.02
# After each kill so many have to arrive before the next: whoever is killed before it has begun dies in vain.
BETWEEN_KILLS = 150
# The last part comes in peace: otherwise there might be no end.
IN_PEACE = 500
MOST_KILLS = 60
# The last claim, and the last back-off but one, have to run out.
PATIENCE_SECONDS = 600.0
POLL_SECONDS = 0.5
HUNG = 10
BESIDE = 250
# Fewer a second than one lane can send on a busy machine: what is measured is whether it waits for others.
BESIDE_APART = 0.2
PROMPT_SECONDS = 2.0
SHARE = 0.99
STUBBORN_EVERY = 1_000


def play(directory: Path) -> Iterator[Row]:
    """A row each."""
    with _live(directory / "kills") as live:
        yield _killed(live)
    with _live(directory / "hung") as live:
        yield _beside_hung(live)


@contextmanager
def _live(directory: Path) -> Iterator[Live]:
    """The real services; what PostgreSQL has committed outlives it."""
    live = Live(directory, RATE_LIMIT_FACTOR="0", WEBHOOK_ALLOW_PRIVATE="1")
    live.postgres.durable = True
    try:
        live.start()
        live.deliverer.launch()
        live.beat.launch()
        _wait(
            lambda: "deliverer" not in requests.get(f"{live.url}/api/v1/health/ready/", timeout=30).json()["degraded"]
        )
        yield live
    finally:
        live.stop()


def _killed(live: Live) -> Row:
    """Several receivers, the last of which refuses now and then."""
    with receiving(RECEIVERS) as receivers:
        refusals = [Reply(500 if number % STUBBORN_EVERY == 0 else 200) for number in range(1, EVENTS)]
        receivers[-1].replies = refusals
        teller = Teller(live, events=EVENTS, apart=APART_SECONDS, urls=[receiver.url for receiver in receivers])
        kills = itertools.cycle([_kill_deliverer, _flush_redis, _kill_postgres, _kill_redis])
        count = 0
        while (goal := len(receivers[0].ids) + BETWEEN_KILLS) < EVENTS - IN_PEACE and count < MOST_KILLS:
            _wait(lambda: len(receivers[0].ids) >= goal, seconds=60)
            next(kills)(live)
            count += 1
        sent = teller.ids()
        _wait(lambda: _is_told(live, receivers, sent[-1:]))
        found = [complaint for receiver in receivers for complaint in violations(sent, receiver.ids)]
        if len(sent) < EVENTS:
            found.append(f"only {len(sent)} events happened; see teller.log")
        got = sum(len(receiver.ids) for receiver in receivers)
    title = f"{EVENTS:,} events for {RECEIVERS} receivers; deliverer, Redis, PostgreSQL killed in turn, Redis flushed"
    return Row(f"| {title} | {count} kills | {got:,} | {len(found)} |  |  |  |  |", found)


def _kill_deliverer(live: Live) -> None:
    process = live.deliverer.process
    assert process is not None
    process.kill()
    process.wait()
    live.deliverer.launch()


def _flush_redis(live: Live) -> None:
    with redis.Redis.from_url(live.valkey.url, socket_timeout=5) as client:
        client.flushall()


def _kill_redis(live: Live) -> None:
    live.valkey.kill()
    time.sleep(0.5)
    live.valkey.start()


def _kill_postgres(live: Live) -> None:
    live.postgres.kill()
    time.sleep(0.5)
    live.postgres.start()


def _beside_hung(live: Live) -> Row:
    """How long after it happened an event is with a healthy receiver."""
    with receiving(HUNG) as hung, receiving() as (healthy,):
        for receiver in hung:
            receiver.may_answer.clear()
        delays: list[float] = []
        healthy.on_request = lambda body: delays.append(
            (datetime.now(UTC) - datetime.fromisoformat(body["timestamp"])).total_seconds()
        )
        teller = Teller(live, events=BESIDE, apart=BESIDE_APART, urls=[receiver.url for receiver in (*hung, healthy)])
        sent = teller.ids()
        _wait(lambda: healthy.ids[-1:] == sent[-1:])
        found = violations(sent, healthy.ids)
        asked = sum(len(receiver.ids) for receiver in hung)
    late = sorted(delays)[int(len(delays) * SHARE) - 1] if delays else float("inf")
    if late >= PROMPT_SECONDS:
        found.append(f"late: the 99th percentile is {late:.2f} s")
    if asked < HUNG:
        found.append(f"only {asked} tries were made of those that hang")
    title = f"{BESIDE} events for a receiver beside {HUNG} that hang; slowest: the 99th percentile"
    return Row(f"| {title} | 1 | {len(delays)} | {len(found)} | {late:.2f} s |  |  |  |", found)


def _is_told(live: Live, receivers: Sequence[Receiver], last: Sequence[str]) -> bool:
    """Whether nothing is left to be told, and each receiver has had the last."""
    with psycopg.connect(live.postgres.url) as database:
        row = database.execute(
            "SELECT (SELECT count(*) FROM webhooks_delivery WHERE status = 'pending')"
            " + (SELECT count(*) FROM journal_event WHERE dispatched_at IS NULL AND number > 0)"
        ).fetchone()
    return row == (0,) and all(receiver.ids[-1:] == list(last) for receiver in receivers)


def _wait(condition: Callable[[], bool], *, seconds: float = PATIENCE_SECONDS) -> None:
    """Until it holds, or for so long: what is missing then is named by whoever compares."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
