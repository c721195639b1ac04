"""Rate limits: exact, honest in their headers, and no reason to fail."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from pytest_django import Settings

from coditect import redis
from coditect.api import throttling
from tests.api.outages import redis_away
from tests.api.shapes import assert_problem
from tests.dialects import NAMES, Answer, Api
from tests.factories import Person

# Refused by its check characters, without a look into the database.
MISTYPED = {"key_string": "DEV-2026-0000-0000-0000-0000-0000-0000-00ZZ"}
VALIDATIONS = 60
THREADS = 50


def validate(api: Api) -> Answer:
    """Ask for a key's worth, which is limited per address."""
    return api.post("validate", MISTYPED)


def use_up(limit: throttling.Limit) -> None:
    """Leave one request of a limit."""
    redis.client.set(limit.key, limit.requests - 1, px=throttling.WINDOW_MS)


@pytest.fixture
def used_up(api: Api) -> Api:
    """A client of whose validations one is left."""
    use_up(throttling.Limit("validation", "ip:127.0.0.1", VALIDATIONS))
    return api


class TestRateLimit:
    @pytest.mark.parametrize("dialect", NAMES)
    def test_lets_exactly_its_number_through_at_once(self, dialect: str) -> None:
        api = Api(dialect)
        with ThreadPoolExecutor(THREADS) as pool:
            answers = list(pool.map(lambda _: validate(api), range(VALIDATIONS + THREADS)))
        statuses = [answer.status for answer in answers]
        assert (statuses.count(200), statuses.count(429)) == (VALIDATIONS, THREADS)
        left = sorted(int(answer.headers["X-RateLimit-Remaining"]) for answer in answers if answer.status == 200)
        assert left == list(range(VALIDATIONS))

    def test_counts_both_dialects_together(self, flat: Api, enveloped: Api) -> None:
        validate(flat)
        assert validate(enveloped).headers["X-RateLimit-Remaining"] == "58"

    def test_tells_what_is_left(self, api: Api) -> None:
        before = int(time.time())
        first, second = validate(api), validate(api)
        assert [answer.headers["X-RateLimit-Limit"] for answer in (first, second)] == ["60", "60"]
        assert [answer.headers["X-RateLimit-Remaining"] for answer in (first, second)] == ["59", "58"]
        assert before + 55 <= int(first.headers["X-RateLimit-Reset"]) <= time.time() + 61

    def test_refuses_with_the_time_to_wait(self, used_up: Api) -> None:
        assert validate(used_up).headers["X-RateLimit-Remaining"] == "0"
        answer = validate(used_up)
        assert_problem(answer, 429, "rate_limit_exceeded")
        assert 55 <= int(answer.headers["Retry-After"]) <= 60
        assert (answer.headers["X-RateLimit-Limit"], answer.headers["X-RateLimit-Remaining"]) == ("60", "0")
        assert int(answer.headers["X-RateLimit-Reset"]) >= time.time() + 50

    def test_answers_scripts_that_read_validity(self, flat: Api) -> None:
        use_up(throttling.Limit("validation", "ip:127.0.0.1", VALIDATIONS))
        validate(flat)
        answer = validate(flat)
        assert (answer.status, answer.json["valid"], answer.json["reason"]) == (429, None, answer.json["detail"])

    def test_does_not_wait_longer_for_asking_again(self, used_up: Api) -> None:
        validate(used_up)
        redis.client.pexpire("limit:validation:ip:127.0.0.1", 30_000)
        for _ in range(3):
            assert int(validate(used_up).headers["Retry-After"]) <= 30
        assert redis.client.get("limit:validation:ip:127.0.0.1") == b"60"

    def test_begins_anew_after_its_window(self, used_up: Api) -> None:
        validate(used_up)
        assert validate(used_up).status == 429
        redis.client.pexpire("limit:validation:ip:127.0.0.1", 0)
        assert validate(used_up).headers["X-RateLimit-Remaining"] == "59"

    def test_counts_unreadable_requests(self, api: Api) -> None:
        assert api.post("validate", {}).headers["X-RateLimit-Remaining"] == "59"
        assert api.post("validate", {"key_string": 5}).headers["X-RateLimit-Remaining"] == "58"


class TestLimitOfAUser:
    @pytest.mark.parametrize(
        ("name", "category"), [("licenses", throttling.LICENSE_OPERATIONS), ("sessions", throttling.DEFAULT)]
    )
    def test_is_each_users_own(
        self, api: Api, owner: Person, outsider: Person, name: str, category: throttling.Category
    ) -> None:
        use_up(category.for_user(owner.user_id))
        last = api.as_bearer(owner.token).get(name)
        assert (last.status, last.headers["X-RateLimit-Limit"], last.headers["X-RateLimit-Remaining"]) == (
            200,
            "100",
            "0",
        )
        assert_problem(api.as_bearer(owner.token).get(name), 429, "rate_limit_exceeded")
        assert api.as_bearer(outsider.token).get(name).status == 200

    def test_leaves_other_categories_alone(self, api: Api, owner: Person) -> None:
        use_up(throttling.LICENSE_OPERATIONS.for_user(owner.user_id))
        for _ in range(2):
            api.as_bearer(owner.token).get("licenses")
        assert api.as_bearer(owner.token).get("sessions").status == 200

    @pytest.mark.parametrize("name", ["health", "ready"])
    def test_does_not_concern_monitors(self, api: Api, name: str) -> None:
        assert "X-RateLimit-Limit" not in api.get(name).headers


class TestFactor:
    def test_multiplies_the_limit(self, api: Api, settings: Settings) -> None:
        settings.RATE_LIMIT_FACTOR = 10
        assert validate(api).headers["X-RateLimit-Limit"] == "600"

    def test_of_zero_switches_limits_off(self, used_up: Api, settings: Settings) -> None:
        settings.RATE_LIMIT_FACTOR = 0
        answers = [validate(used_up) for _ in range(3)]
        assert [answer.status for answer in answers] == [200] * 3
        assert "X-RateLimit-Limit" not in answers[0].headers


class TestRedisAway:
    def test_lets_everything_pass(self, used_up: Api) -> None:
        with redis_away():
            answers = [validate(used_up) for _ in range(VALIDATIONS + 5)]
        assert {answer.status for answer in answers} == {200}
        assert not any("X-RateLimit-Limit" in answer.headers for answer in answers)

    def test_is_over_when_redis_is_back(self, used_up: Api) -> None:
        with redis_away():
            validate(used_up)
        assert [validate(used_up).status for _ in range(2)] == [200, 429]
