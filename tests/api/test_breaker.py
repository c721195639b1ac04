"""The breaker in front of Redis."""

from dataclasses import dataclass

import pytest
from redis import Redis

from coditect import redis
from coditect.redis import OPEN_AFTER_FAILURES, OPEN_SECONDS, Breaker, RedisUnavailable
from tests.api.outages import redis_away


@dataclass
class Clock:
    """A clock that stands still until told."""

    now: float = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The breaker's clock."""
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    """A closed breaker."""
    return Breaker(clock)


def fail(breaker: Breaker, times: int = OPEN_AFTER_FAILURES) -> None:
    """Fail in a row."""
    for _ in range(times):
        breaker.failed()


class TestBreaker:
    def test_is_closed_at_first(self, breaker: Breaker) -> None:
        assert all(breaker.allows() for _ in range(10))

    def test_stays_closed_through_two_failures(self, breaker: Breaker) -> None:
        fail(breaker, 2)
        assert all(breaker.allows() for _ in range(10))

    def test_opens_at_the_third_failure_in_a_row(self, breaker: Breaker) -> None:
        fail(breaker, 3)
        assert not breaker.allows()

    def test_forgets_failures_at_a_success(self, breaker: Breaker) -> None:
        fail(breaker, 2)
        breaker.succeeded()
        fail(breaker, 2)
        assert breaker.allows()

    def test_lets_one_caller_try_after_its_time(self, breaker: Breaker, clock: Clock) -> None:
        fail(breaker)
        clock.now += OPEN_SECONDS - 0.01
        assert not breaker.allows()
        clock.now += 0.01
        assert [breaker.allows() for _ in range(5)] == [True, False, False, False, False]

    def test_stays_open_where_the_trial_fails(self, breaker: Breaker, clock: Clock) -> None:
        fail(breaker)
        clock.now += OPEN_SECONDS
        assert breaker.allows()
        breaker.failed()
        assert not breaker.allows()
        clock.now += OPEN_SECONDS
        assert breaker.allows()

    def test_lets_another_try_where_the_first_never_comes_back(self, breaker: Breaker, clock: Clock) -> None:
        fail(breaker)
        clock.now += OPEN_SECONDS
        assert breaker.allows()
        clock.now += OPEN_SECONDS
        assert breaker.allows()

    def test_closes_where_the_trial_succeeds(self, breaker: Breaker, clock: Clock) -> None:
        fail(breaker)
        clock.now += OPEN_SECONDS
        assert breaker.allows()
        breaker.succeeded()
        assert all(breaker.allows() for _ in range(10))


class TestAsking:
    def test_stops_after_three_refusals(self) -> None:
        asked: list[int] = []

        def ping(client: Redis) -> None:
            asked.append(1)
            client.ping()

        with redis_away():
            for _ in range(10):
                with pytest.raises(RedisUnavailable):
                    redis.ask(ping)
        assert len(asked) == OPEN_AFTER_FAILURES

    def test_lets_defects_of_ours_through(self) -> None:
        def defect(client: Redis) -> None:
            raise KeyError("ours")

        for _ in range(OPEN_AFTER_FAILURES):
            with pytest.raises(KeyError):
                redis.ask(defect)
        assert redis.ask(lambda client: client.ping()) is True
