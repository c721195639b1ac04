"""GET health/ready: can it serve?"""

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from health.services import WORKER_SILENCE, note_worker
from licenses.models import SeatVerification
from tests.api.outages import database_away, redis_away
from tests.api.shapes import UTC_TIME, assert_identified
from tests.dialects import NAMES, Answer, Api

WORKERS = ("worker", "deliverer")
ALL_WELL = {"database": "connected", "redis": "connected", "seats": "sound"} | dict.fromkeys(WORKERS, "alive")


def note_workers() -> None:
    """Both are alive."""
    for name in WORKERS:
        note_worker(now=timezone.now(), name=name)


def readiness(answer: Answer) -> tuple[int, str, dict[str, str]]:
    """Status, verdict and checks."""
    return answer.status, answer.data["status"], answer.data["checks"]


class TestReady:
    @pytest.fixture(autouse=True)
    def _sound_seats(self, db: None) -> None:
        SeatVerification.objects.create(at=timezone.now(), oversold=0)

    def test_says_what_is_connected(self, api: Api) -> None:
        note_workers()
        answer = api.get("ready")
        assert readiness(answer) == (200, "ready", ALL_WELL)
        assert set(answer.data) == {"status", "timestamp", "checks", "degraded"}
        assert answer.data["degraded"] == []
        assert UTC_TIME.fullmatch(answer.data["timestamp"])
        assert_identified(answer)

    @pytest.mark.parametrize("name", WORKERS)
    @pytest.mark.parametrize(("seconds", "says"), [(1, "alive"), (-5, "silent"), (-600, "silent")])
    def test_takes_a_worker_for_alive_while_its_note_is_fresh(
        self, api: Api, seconds: int, says: str, name: str
    ) -> None:
        note_workers()
        note_worker(now=timezone.now() - WORKER_SILENCE + timedelta(seconds=seconds), name=name)
        answer = api.get("ready")
        assert readiness(answer) == (200, "ready", ALL_WELL | {name: says})
        assert answer.data["degraded"] == ([] if says == "alive" else [name])

    def test_is_ready_also_where_no_worker_ever_ran(self, api: Api) -> None:
        answer = api.get("ready")
        assert (answer.status, answer.data["degraded"]) == (200, list(WORKERS))

    def test_is_ready_also_without_redis(self, api: Api) -> None:
        note_workers()
        with redis_away():
            answer = api.get("ready")
        assert readiness(answer) == (200, "ready", ALL_WELL | {"redis": "unreachable"})
        assert answer.data["degraded"] == ["redis"]

    def test_sees_redis_come_back(self, api: Api) -> None:
        with redis_away():
            assert "redis" in api.get("ready").data["degraded"]
        assert "redis" not in api.get("ready").data["degraded"]

    @pytest.mark.parametrize(("oversold", "says"), [(0, "sound"), (1, "oversold"), (None, "unverified")])
    def test_tells_of_oversold_seats(self, api: Api, oversold: int | None, says: str) -> None:
        note_workers()
        SeatVerification.objects.all().delete()
        if oversold is not None:
            SeatVerification.objects.create(at=timezone.now(), oversold=oversold)
        answer = api.get("ready")
        assert readiness(answer) == (200, "ready", ALL_WELL | {"seats": says})
        assert answer.data["degraded"] == (["seats"] if oversold else [])

    def test_names_its_instance_where_it_has_one(self, api: Api, settings: Settings) -> None:
        assert "X-Coditect-Instance" not in api.get("ready").headers
        settings.CODITECT_INSTANCE = "abc"
        assert api.get("ready").headers["X-Coditect-Instance"] == "abc"


class TestNotReady:
    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("dialect", NAMES)
    def test_is_told_within_seconds_where_the_database_is_away(self, dialect: str) -> None:
        began = time.monotonic()
        with database_away():
            answer = Api(dialect).get("ready")
        assert time.monotonic() - began < 3
        assert readiness(answer) == (503, "not_ready", {"database": "unreachable", "redis": "connected"})
        assert set(answer.data) == {"status", "timestamp", "checks", "error"}
        assert answer.data["error"]
        assert int(answer.headers["Retry-After"]) >= 1
        assert_identified(answer)

    @pytest.mark.django_db(transaction=True)
    def test_is_over_when_the_database_is_back(self) -> None:
        with database_away():
            assert Api("flat").get("ready").status == 503
        assert Api("flat").get("ready").status == 200

    def test_is_told_where_migrations_are_missing(self, api: Api) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE app = 'licenses'")
        answer = api.get("ready")
        assert readiness(answer) == (503, "not_ready", {"database": "not migrated", "redis": "connected"})
        assert "migrate" in answer.data["error"]
        assert "Retry-After" in answer.headers
