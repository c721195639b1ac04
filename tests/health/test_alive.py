"""GET health, and /healthz: is the process alive?"""

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.api.outages import redis_away
from tests.api.shapes import UTC_TIME
from tests.dialects import NAMES, Api

PROBE = "/healthz"


class TestHealth:
    def test_says_healthy(self, api: Api) -> None:
        answer = api.get("health")
        assert answer.status == 200
        assert UTC_TIME.fullmatch(answer.data["timestamp"])
        assert answer.data == {
            "status": "healthy",
            "timestamp": answer.data["timestamp"],
            "service": "coditect-license-platform",
            "version": "0.1.0",
        }

    @pytest.mark.parametrize("dialect", NAMES)
    def test_touches_neither_database_nor_redis(self, dialect: str) -> None:
        # Without the `db` fixture pytest-django refuses every query.
        with redis_away():
            assert Api(dialect).get("health").status == 200

    def test_does_not_log_in(self, api: Api, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        with django_assert_num_queries(0):
            assert api.as_bearer("nonsense").get("health").status == 200


class TestProbe:
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_is_answered_without_database_and_redis(self, method: str) -> None:
        with redis_away():
            answer = Api("flat").send(method, PROBE)
        assert (answer.status, answer.content) == (200, b"ok\n" if method == "GET" else b"")
        assert "X-Request-ID" in answer.headers
