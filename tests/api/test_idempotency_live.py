"""Idempotency-Key at the real server: many copies at once, and a server that dies in between."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
import requests

from tests.factories import PASSWORD
from tests.live import Live
from tests.local.processes import wait_until

COPIES = 50
PATHS = {"flat": "/api/v1/{}/", "enveloped": "/v1/{}"}
GATE = 4711
# Holds a request after its effect and before its commit, for as long as the test holds the gate.
CLOSE_GATE = f"""
CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS $$
BEGIN
    PERFORM pg_advisory_xact_lock({GATE});
    RETURN NEW;
END $$;
CREATE TRIGGER wait_at_gate BEFORE UPDATE ON journal_idempotencyrecord
    FOR EACH ROW EXECUTE FUNCTION wait_at_gate();
"""
OPEN_GATE = "DROP TRIGGER wait_at_gate ON journal_idempotencyrecord; DROP FUNCTION wait_at_gate()"
WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"

Send = Callable[..., requests.Response]


@pytest.fixture(scope="module")
def token(live: Live) -> str:
    """The demo user's access token."""
    return live.log_in()


@pytest.fixture(params=["flat", "enveloped"])
def send(request: pytest.FixtureRequest, live: Live, token: str) -> Send:
    """POSTs with a key as the demo user, in each dialect."""

    def post(name: str, body: dict[str, Any], *, key: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"{request.param}-{key}"}
        url = live.url + PATHS[request.param].format(name)
        return requests.post(url, json=body, headers=headers, timeout=30)

    return post


@pytest.fixture
def database(live: Live) -> Iterator["psycopg.Connection[Any]"]:
    """The server's database."""
    with psycopg.connect(live.postgres.url, autocommit=True) as connection:
        yield connection


def data_of(answer: requests.Response) -> Any:
    """The object in the answer of either dialect."""
    body = answer.json()
    return body.get("data", body)


def code_of(answer: requests.Response) -> Any:
    """The code of a failure in either dialect."""
    body = answer.json()
    return body["error"]["code"] if isinstance(body["error"], dict) else body["code"]


def count(database: "psycopg.Connection[Any]", query: str, *values: str) -> int:
    """What a counting query finds."""
    row = database.execute(query, values).fetchone()
    assert row is not None
    return int(row[0])


@contextmanager
def closed_gate(database: "psycopg.Connection[Any]") -> Iterator[None]:
    """Inside, requests with a key stop before their commit."""
    database.execute(CLOSE_GATE)
    database.execute("SELECT pg_advisory_lock(%s)", [GATE])
    try:
        yield
    finally:
        database.execute("SELECT pg_advisory_unlock(%s)", [GATE])
        database.execute(OPEN_GATE)


def kill_web(live: Live) -> None:
    """SIGKILL, to the master and by its death to its workers."""
    process = live.web.process
    assert process is not None
    process.kill()
    process.wait()


CREATING: list[tuple[str, dict[str, Any], str]] = [
    ("orgs", {"name": "Copied Inc"}, "SELECT count(*) FROM accounts_organization WHERE name = 'Copied Inc'"),
    (
        "tokens",
        {"name": "copied", "scopes": ["read:org"]},
        "SELECT count(*) FROM accounts_apitoken WHERE name = 'copied'",
    ),
    (
        "auth/register",
        {"email": "copied@example.com", "password": PASSWORD, "full_name": "C", "company_name": "Registered Inc"},
        "SELECT count(*) FROM accounts_organization WHERE name = 'Registered Inc'",
    ),
]


class TestCopies:
    @pytest.mark.parametrize(("name", "body", "effects"), CREATING, ids=[name for name, _, _ in CREATING])
    def test_at_once_make_one_effect(
        self, send: Send, database: "psycopg.Connection[Any]", name: str, body: dict[str, Any], effects: str
    ) -> None:
        before = count(database, effects)
        if name == "auth/register":
            body = {**body, "email": f"copied-{before}@example.com"}
        with ThreadPoolExecutor(COPIES) as pool:
            answers = list(pool.map(lambda _: send(name, body, key=f"copies-{name}"), range(COPIES)))
        assert count(database, effects) == before + 1
        done = [answer for answer in answers if answer.status_code == 201]
        running = [answer for answer in answers if answer.status_code != 201]
        assert {(answer.status_code, code_of(answer)) for answer in running} <= {(409, "idempotency_in_progress")}
        assert [data_of(answer) for answer in done] == [data_of(done[0])] * len(done)
        assert sum("Idempotency-Replayed" not in answer.headers for answer in done) == 1

    def test_of_a_wish_for_a_seat_hold_one(self, send: Send, live: Live, database: "psycopg.Connection[Any]") -> None:
        body = {"license_key": live.issue_license(seats=5), "hardware_id": "copied"}
        with ThreadPoolExecutor(COPIES) as pool:
            answers = list(pool.map(lambda _: send("licenses/acquire", body, key="seat"), range(COPIES)))
        done = [answer for answer in answers if answer.status_code == 201]
        assert {data_of(answer)["session_id"] for answer in done} == {data_of(done[0])["session_id"]}
        assert data_of(done[0])["seats_remaining"] == 4


class TestDeathOfTheServer:
    def test_before_the_commit_undoes_all_and_a_retry_does_it_once(
        self, send: Send, live: Live, database: "psycopg.Connection[Any]", request: pytest.FixtureRequest
    ) -> None:
        name = f"Interrupted {request.node.callspec.id}"
        effects = "SELECT count(*) FROM accounts_organization WHERE name = %s"
        with ThreadPoolExecutor(1) as pool, closed_gate(database):
            lost = pool.submit(send, "orgs", {"name": name}, key="lost")
            wait_until(lambda: count(database, WAITING))
            kill_web(live)
            with pytest.raises(requests.ConnectionError):
                lost.result()
        live.start_web()
        assert count(database, effects, name) == 0
        retry, again = (send("orgs", {"name": name}, key="lost") for _ in range(2))
        assert [answer.status_code for answer in (retry, again)] == [201, 201]
        assert ["Idempotency-Replayed" in answer.headers for answer in (retry, again)] == [False, True]
        assert count(database, effects, name) == 1

    def test_after_the_commit_leaves_the_answer(self, send: Send, live: Live) -> None:
        first = send("tokens", {"name": "kept", "scopes": ["read:org"]}, key="kept")
        kill_web(live)
        live.start_web()
        again = send("tokens", {"name": "kept", "scopes": ["read:org"]}, key="kept")
        assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
        assert data_of(again) == data_of(first)


class TestDump:
    def test_tells_no_secret(self, send: Send, live: Live, database: "psycopg.Connection[Any]") -> None:
        secret = data_of(send("tokens", {"name": "secret", "scopes": ["read:org"]}, key="dump"))["token"]
        rows = database.execute("SELECT record::text FROM journal_idempotencyrecord AS record").fetchall()
        logs = [path.read_text(errors="replace") for path in live.directory.glob("*.log")]
        assert rows
        assert [text for (text,) in rows if secret in text or PASSWORD in text] == []
        assert [log for log in logs if secret in log] == []
