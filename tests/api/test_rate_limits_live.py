"""Rate limits at the real server: a hundred requests at once, with Redis, without it, and while it goes away."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg
import pytest
import redis
import requests

from coditect.local import process
from tests.live import Live

AT_ONCE = 100
MISTYPED = {"key_string": "DEV-2026-0000-0000-0000-0000-0000-0000-00ZZ"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Iterator[Live]:
    """The real server with its limits on."""
    # A hundred log-ins at once are to meet the limits, not to wait for each other.
    quick = {"DJANGO_SETTINGS_MODULE": "tests.quick_settings"}
    server = Live(tmp_path_factory.mktemp("limits"), prepared=prepared, **quick)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(params=["Redis", "PostgreSQL"])
def limited(request: pytest.FixtureRequest, server: Live) -> Iterator[Live]:
    """The same, nothing counted yet, with Redis and without."""
    forget_counts(server)
    if request.param == "Redis":
        yield server
    else:
        with redis_stopped(server):
            yield server


@contextmanager
def redis_stopped(server: Live) -> Iterator[None]:
    """Inside, there is no Redis; afterwards there is, and no worker that still thinks otherwise."""
    server.valkey.stop()
    try:
        yield
    finally:
        server.valkey.start()
        process.stop_all([server.web])
        server.start_web()


def forget_counts(server: Live) -> None:
    """Begin all windows anew."""
    redis.Redis.from_url(server.valkey.url).flushall()
    with psycopg.connect(server.postgres.url, autocommit=True) as connection:
        connection.execute("DELETE FROM journal_ratewindow")


def guess(server: Live, *, email: str = "nobody@example.com", spoofed: str = "") -> requests.Response:
    """A log-in that fails."""
    headers = {"X-Forwarded-For": spoofed, "X-Real-IP": spoofed} if spoofed else {}
    body = {"email": email, "password": "wrong"}
    return requests.post(f"{server.url}/api/v1/auth/token/", json=body, headers=headers, timeout=60)


def statuses(answers: list[requests.Response]) -> dict[int, int]:
    """How many answers of each status."""
    return dict(Counter(answer.status_code for answer in answers))


class TestAHundredAtOnce:
    def test_let_five_guesses_through_whatever_they_claim(self, limited: Live) -> None:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = list(pool.map(lambda n: guess(limited, spoofed=f"203.0.113.{n}"), range(AT_ONCE)))
        assert statuses(answers) == {401: 5, 429: 95}
        left = sorted(int(answer.headers["X-RateLimit-Remaining"]) for answer in answers if answer.status_code == 401)
        assert left == [0, 1, 2, 3, 4]
        waits = [int(answer.headers["Retry-After"]) for answer in answers if answer.status_code == 429]
        assert all(1 <= wait <= 60 for wait in waits)

    def test_let_thirty_guesses_at_as_many_accounts_through(self, limited: Live) -> None:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = list(pool.map(lambda n: guess(limited, email=f"nobody-{n}@example.com"), range(AT_ONCE)))
        assert statuses(answers) == {401: 30, 429: 70}

    def test_let_sixty_validations_through_or_all_without_redis(
        self, limited: Live, request: pytest.FixtureRequest
    ) -> None:
        def validate(_: int) -> requests.Response:
            return requests.post(f"{limited.url}/api/v1/licenses/validate/", json=MISTYPED, timeout=60)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = list(pool.map(validate, range(AT_ONCE)))
        has_redis = "Redis" in request.node.callspec.id
        assert statuses(answers) == ({200: 60, 429: 40} if has_redis else {200: AT_ONCE})


class TestRedisGoesAway:
    def test_within_a_minute_begins_one_more_window_and_no_further(self, server: Live) -> None:
        forget_counts(server)
        before = [guess(server).status_code for _ in range(3)]
        with redis_stopped(server):
            during = [guess(server).status_code for _ in range(7)]
        after = [guess(server).status_code for _ in range(4)]
        with redis_stopped(server):
            again = [guess(server).status_code for _ in range(2)]
        assert (before, during) == ([401] * 3, [401] * 5 + [429] * 2)
        assert (after, again) == ([401] * 2 + [429] * 2, [429] * 2)

    def test_keeps_nobody_from_logging_in_and_working(self, server: Live) -> None:
        forget_counts(server)
        body = {"license_key": server.demo.license_key, "hardware_id": "machine"}
        url = f"{server.url}/api/v1/licenses/acquire/"
        with redis_stopped(server):
            headers = {"Authorization": f"Bearer {server.log_in()}"}
            # Few at once: each takes the license's lock, for which a request waits no longer than a second.
            with ThreadPoolExecutor(4) as pool:
                send = partial(requests.post, url, json=body, headers=headers, timeout=60)
                answers = [future.result() for future in [pool.submit(send) for _ in range(105)]]
        assert statuses(answers) == {201: 1, 200: 104}
