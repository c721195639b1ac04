"""The odd-body table: every write with bodies that no client should send."""

import gzip
import json
from typing import Any

import pytest

from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.tables.cases import CASES, Table, case_id, client
from tests.tables.operation import Operation
from tests.tables.world import World

MEBIBYTE = 1024 * 1024
BOMB = gzip.compress(b" " * (10 * MEBIBYTE), mtime=0)
BAD = (400, "invalid_request")
TOO_LARGE = (413, "payload_too_large")
OTHER_TYPE = (415, "unsupported_media_type")
ODD: dict[str, tuple[bytes, str, tuple[int, str]]] = {
    "nul": (b'{"a": "\\u0000"}', "application/json", BAD),
    "nul-byte": (b'{"a": "\x00"}', "application/json", BAD),
    "lone-surrogate": (b'{"a": "\\ud800"}', "application/json", BAD),
    "invalid-utf-8": (b'{"a": "\xff"}', "application/json", BAD),
    "nested-lists": (b"[" * 100_000 + b"]" * 100_000, "application/json", BAD),
    "nested-objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "application/json", BAD),
    "list": (b"[{}]", "application/json", BAD),
    "text": (b'"a"', "application/json", BAD),
    "null": (b"null", "application/json", BAD),
    "duplicate-name": (b'{"a": 1, "a": 2}', "application/json", BAD),
    "endless-float": (b'{"a": 1e400}', "application/json", BAD),
    "endless-integer": (b'{"a": ' + b"9" * 5000 + b"}", "application/json", BAD),
    "nan": (b'{"a": NaN}', "application/json", BAD),
    "half": (b'{"a": ', "application/json", BAD),
    "ten-megabytes": (b'{"a": "' + b"x" * (10 * MEBIBYTE) + b'"}', "application/json", TOO_LARGE),
    "form": (b"a=1", "application/x-www-form-urlencoded", OTHER_TYPE),
    "multipart": (b"--x--", "multipart/form-data; boundary=x", OTHER_TYPE),
    "xml": (b"<a/>", "application/xml", OTHER_TYPE),
    "untyped": (b"{}", "", OTHER_TYPE),
}
WRONG_TYPES: list[Any] = [None, [], {}, 5, True, "", [["\u202e"]], {"$ne": ""}]
WRITES = [(operation, dialect) for operation, dialect in CASES if operation.is_write]


class Sender:
    """Sends bodies to one operation, as somebody who may."""

    def __init__(self, world: World, operation: Operation, dialect: str) -> None:
        self.operation = operation
        self.api: Api = client(world, dialect, operation.sender)
        self.url = self.api.url(operation.name, **operation.path_for(world, world.owner))

    def send(self, raw: bytes, content_type: str = "application/json") -> Answer:
        """The answer to a body."""
        return self.api.send(self.operation.method, self.url, raw=raw, content_type=content_type)


@pytest.mark.parametrize(("operation", "dialect"), WRITES, ids=case_id)
def test_odd_bodies(world: World, operation: Operation, dialect: str) -> None:
    table = Table("odd body")
    sender = Sender(world, operation, dialect)
    for name, (raw, content_type, expected) in ODD.items():
        with table.case(f"{operation.id} {dialect}: {name}"):
            assert_problem(sender.send(raw, content_type), *expected)
    with table.case(f"{operation.id} {dialect}: gzip-bomb"):
        sender.api = sender.api.with_headers(content_encoding="gzip")
        assert_problem(sender.send(BOMB), *BAD)
    table.done()


@pytest.mark.parametrize(("operation", "dialect"), WRITES, ids=case_id)
def test_wrong_types(world: World, operation: Operation, dialect: str) -> None:
    table = Table("wrong type")
    sender, good = Sender(world, operation, dialect), operation.body_for(world, world.owner)
    for name in operation.body:
        for value in [each for each in WRONG_TYPES if type(each) is not type(good[name]) or each == ""]:
            with table.case(f"{operation.id} {dialect}: {name} = {value!r}"):
                answer = sender.send(json.dumps(good | {name: value}).encode())
                assert answer.status in {400, 401, 422}, f"{answer.status} {answer.content[:200]!r}"
                assert_problem(answer, answer.status, answer.code)
    table.done()
