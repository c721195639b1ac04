"""Our own failures: a defect is a 500 that tells nothing, a dependency that is down a 503."""

import time

import psycopg
import pytest
from django import db
from psycopg import errors as pg

from coditect.api.dialects import Dialect
from coditect.api.problems import from_exception
from coditect.api.routers import DIALECTS
from tests.api.crashing import SECRET, outside
from tests.api.outages import database_away
from tests.api.shapes import assert_problem
from tests.dialects import Api

CREDENTIALS = {"email": "ada@example.com", "password": "SecurePass123!"}


def caused_by(error: db.DatabaseError, cause: psycopg.Error) -> db.DatabaseError:
    """An error as Django wraps it."""
    error.__cause__ = cause
    return error


@pytest.mark.urls("tests.api.crashing")
class TestDefect:
    @pytest.mark.parametrize("name", ["crash", "wrong-type"])
    def test_is_a_500_that_tells_nothing(self, api: Api, name: str) -> None:
        answer = api.get(name)
        assert_problem(answer, 500, "internal_error")
        assert SECRET.encode() not in answer.content
        assert b"Traceback" not in answer.content

    def test_of_an_answer_that_json_cannot_hold_is_one_too(self, api: Api) -> None:
        assert_problem(api.get("unwritable"), 500, "internal_error")

    @pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
    def test_outside_our_views_is_one_too(self, dialect: Dialect) -> None:
        answer = Api(dialect.name).send("GET", f"/{outside(dialect)}")
        assert_problem(answer, 500, "internal_error")
        assert SECRET.encode() not in answer.content

    def test_is_logged_with_its_trace(self, flat: Api, caplog: pytest.LogCaptureFixture) -> None:
        flat.get("crash")
        assert any(record.exc_info and SECRET in str(record.exc_info[1]) for record in caplog.records)


@pytest.mark.django_db(transaction=True)
class TestDatabaseAway:
    @pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
    def test_is_a_503_with_retry_after(self, dialect: Dialect) -> None:
        began = time.monotonic()
        with database_away():
            answer = Api(dialect.name).post("log-in", CREDENTIALS)
        assert_problem(answer, 503, "service_unavailable")
        assert int(answer.headers["Retry-After"]) >= 1
        assert time.monotonic() - began < 3

    def test_answers_scripts_that_read_validity(self) -> None:
        with database_away():
            answer = Api("flat").post("validate", {"key_string": "PROD-2025-ABCD-1234"})
        assert_problem(answer, 503, "service_unavailable")
        assert (answer.json["valid"], answer.json["reason"]) == (None, answer.json["detail"])

    def test_still_refuses_unknown_paths(self) -> None:
        with database_away():
            assert_problem(Api("enveloped").send("GET", "/v1/nothing"), 404, "not_found")

    def test_is_over_when_it_is_back(self) -> None:
        with database_away():
            Api("flat").post("log-in", CREDENTIALS)
        assert_problem(Api("flat").post("log-in", CREDENTIALS), 401, "invalid_credentials")


class TestDatabaseError:
    @pytest.mark.parametrize(
        "error",
        [
            db.OperationalError("the connection is closed"),
            db.InterfaceError("connection already closed"),
            caused_by(db.OperationalError(), pg.LockNotAvailable()),
            caused_by(db.OperationalError(), pg.QueryCanceled()),
            caused_by(db.OperationalError(), pg.DeadlockDetected()),
            caused_by(db.OperationalError(), pg.AdminShutdown()),
            caused_by(db.InternalError(), pg.ReadOnlySqlTransaction()),
            caused_by(db.OperationalError(), pg.TooManyConnections()),
            caused_by(db.InternalError(), pg.IdleInTransactionSessionTimeout()),
            caused_by(db.InternalError(), pg.TransactionTimeout()),
        ],
        ids=lambda error: type(error.__cause__ or error).__name__,
    )
    def test_of_an_outage_is_a_503(self, error: db.DatabaseError) -> None:
        problem = from_exception(error)
        assert problem is not None
        assert (problem.status, problem.code) == (503, "service_unavailable")

    @pytest.mark.parametrize(
        "error", [db.IntegrityError(), db.DataError(), db.ProgrammingError(), caused_by(db.DataError(), pg.DataError())]
    )
    def test_of_ours_is_a_defect(self, error: db.DatabaseError) -> None:
        assert from_exception(error) is None
