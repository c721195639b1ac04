"""The error table: every operation while the database lacks our tables, and what requests write into the log."""

import logging
import re
from collections.abc import Callable
from functools import partial

import pytest
from django.db import connection

from tests.dialects import NAMES, Answer, Api
from tests.tables.cases import CASES, Table, call, case_id, client
from tests.tables.operation import Operation
from tests.tables.world import World

INSIDE = re.compile(
    rb"Traceback|File \"|/tmp/|/home/|/site-packages|psycopg|django|SELECT |INSERT |UPDATE |relation|column"
    rb"|accounts_|licenses_license|redis://|postgres",
    re.IGNORECASE,
)
FORGED_LINE = "2026-01-01 00:00:00,000 INFO accounts root logged in"
BREAKS = {"crlf": "\r\n", "lf": "\n", "cr": "\r", "nel": "\x85", "ls": "\u2028", "esc": "\x1b[2K", "vt": "\x0b"}
PATHS = ["/api/v1/{}/", "/v1/{}", "/admin/{}/", "/{}"]


def assert_tells_nothing(answer: Answer) -> None:
    """Neither a trace, nor SQL, nor a path, nor what we are made of."""
    found = INSIDE.search(answer.content)
    assert found is None, f"{found[0]!r} in {answer.content[:300]!r}" if found else ""


@pytest.mark.parametrize(("operation", "dialect"), CASES, ids=case_id)
def test_defects(world: World, operation: Operation, dialect: str) -> None:
    table = Table("error")
    with table.case(f"{operation.id} {dialect}: a defect of ours"):
        path, body = operation.path_for(world, world.owner), operation.body_for(world, world.owner)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL search_path TO nowhere")
        answer = call(client(world, dialect, "owner"), operation, path, body)
        assert_tells_nothing(answer)
        # What is answered from memory alone is; nothing else may pretend to be well.
        if answer.status not in {operation.success, 204, 503}:
            assert answer.status >= 400, f"{answer.status} {answer.content[:200]!r}"
            assert (answer.status, answer.code) == (500, "internal_error"), f"{answer.status} {answer.content[:200]!r}"
    table.done()


@pytest.mark.parametrize("dialect", NAMES)
def test_log_lines(world: World, dialect: str, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever a client sends, what is logged of it stays on the line that is ours."""
    caplog.set_level(logging.DEBUG)
    table, api = Table("error"), Api(dialect)
    for name, text in BREAKS.items():
        for place, send in senders(api, world, f"x{text}{FORGED_LINE}").items():
            caplog.clear()
            with table.case(f"{name} in {place} {dialect}"):
                answer = send()
                if not place.startswith("path /admin"):
                    assert_tells_nothing(answer)
                lines = [line for record in caplog.records for line in record.getMessage().splitlines()]
                assert not [line for line in lines if line.startswith(FORGED_LINE)], lines
                assert not any("\x1b" in line for line in lines), lines
    table.done()


def senders(api: Api, world: World, planted: str) -> dict[str, Callable[[], Answer]]:
    """Where a text can be planted."""
    quoted = "".join(f"%{byte:02x}" for byte in planted.encode())
    return {
        **{f"path {path}": partial(api.send, "GET", path.format(quoted)) for path in PATHS},
        "query": lambda: api.as_bearer(world.owner.token).get("licenses", {planted: planted}),
        "e-mail": lambda: api.post("log-in", {"email": planted, "password": planted}),
        "key": lambda: api.post("validate", {"key_string": planted}),
        "name": lambda: api.as_bearer(world.owner.token).patch("me", {"full_name": planted}),
    }
