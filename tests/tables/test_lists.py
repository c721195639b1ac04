"""The list table: cursors, filters and orders that no client should send to a list."""

from typing import Any

import pytest
from django.core import signing
from rest_framework import serializers

from coditect.api.pagination import CURSOR_SALT
from coditect.api.queries import ListQuery
from coditect.api.schema.document import operations_of
from coditect.urls import router
from tests.api.shapes import assert_problem
from tests.dialects import Answer
from tests.tables.cases import CASES, Table, call, case_id, client
from tests.tables.operation import Operation
from tests.tables.world import World

SORTS = [
    "", "-", "--created_at", "?", "pk", "password", "user__password", "org__name",
    "organization__memberships__user__password", "created_at,id", "created_at;--",
    "created_at desc", "(select 1)", "created_at\n", "created_at\x00",
    "\x1b[2J", "\u0441reated_at",
]  # fmt: skip
FILTERS = {
    "organization_id": "x", "organization__name": "Acme", "org__slug": "x", "user__password__startswith": "a",
    "password": "a", "token_hash": "a", "id__in": "1", "status__in": "active", "tier__regex": "(a+)+$",
    "key_string__startswith": "P", "created_at__gt": "1", "ordering": "password",
    "extra": "1=1", "status[]": "a", "status[$ne]": "a",
    "__class__": "x", "pk": "1", "id\x00": "1", "\r\nSet-Cookie": "a=b", "\u017ftatus": "active",
}  # fmt: skip
VALUES = ["' OR '1'='1", "1; DROP TABLE x--", "\x00", "\x1b", "%", "../../etc/passwd", "٣", "9" * 500]
CURSORS = ["x", "\x00", "W10", "..", "null", "' OR 1=1--", "a" * 4000, "e30:1abc:AAAA", "\r\nx"]
FOREIGN_CURSORS: list[Any] = [
    [],
    {},
    "x",
    ["password", False, "a", "b"],
    ["-created_at", True],
    ["-created_at", True, "x", "y"],
]
PAGING = ["", "0", "-1", "1e3", "٣", "1001", "9" * 500, "NaN", "\x00"]


def query_of(operation: Operation) -> type[serializers.Serializer[Any]] | None:
    """The query of a list; None where the operation is none."""
    for route in router.routes:
        for method, about in operations_of(route):
            if (route.name, method.upper()) == (operation.name, operation.method) and about and about.is_list:
                return about.query
    return None


def rows_of(answer: Answer) -> list[Any]:
    """The rows of any list."""
    if answer.dialect == "enveloped":
        return list(answer.json["data"])
    (rows,) = (value for value in answer.json.values() if isinstance(value, list))
    return list(rows)


LISTS = [(operation, dialect) for operation, dialect in CASES if query_of(operation)]


class Reader:
    """Reads a list as the owner of an organization."""

    def __init__(self, world: World, operation: Operation, dialect: str) -> None:
        self.operation, self.dialect = operation, dialect
        self.api = client(world, dialect, "owner")
        self.path = operation.path_for(world, world.owner)
        self.table = Table("list")

    def read(self, query: dict[str, Any]) -> Answer:
        """A page."""
        return call(self.api, self.operation, self.path, query)

    def refuse(self, parameter: str, value: str) -> None:
        """A query with this is a 400."""
        with self.table.case(f"{self.operation.id} {self.dialect}: {parameter}={value[:40]!r}"):
            self.expect_refusal(self.read({parameter: value}))

    def find_nothing(self, parameter: str, value: str) -> None:
        """A text that can stand there is compared, and nothing more."""
        with self.table.case(f"{self.operation.id} {self.dialect}: {parameter}={value[:40]!r}"):
            answer = self.read({parameter: value})
            if answer.status == 200:
                assert rows_of(answer) == []
            else:
                self.expect_refusal(answer)

    def expect_refusal(self, answer: Answer) -> None:
        """A 400, in the words of the dialect."""
        assert_problem(answer, 400, "validation_failed" if self.dialect == "flat" else "invalid_request")


@pytest.mark.parametrize(("operation", "dialect"), LISTS, ids=case_id)
def test_orders_and_filters(world: World, operation: Operation, dialect: str) -> None:
    reader, query = Reader(world, operation, dialect), query_of(operation)
    assert query is not None
    assert issubclass(query, ListQuery)
    own = query._declared_fields
    for sort in SORTS:
        reader.refuse("sort", sort)
    for name, value in FILTERS.items():
        assert name not in own
        reader.refuse(name, value)
    for name, taken in own.items():
        for value in VALUES:
            (reader.find_nothing if type(taken) is serializers.CharField else reader.refuse)(name, value)
    reader.table.done()


@pytest.mark.parametrize(("operation", "dialect"), LISTS, ids=case_id)
def test_pages(world: World, operation: Operation, dialect: str) -> None:
    reader = Reader(world, operation, dialect)
    for text in PAGING:
        reader.refuse("limit", text)
    if dialect == "flat":
        for text in PAGING:
            if text not in {"0", "1001"}:
                reader.refuse("offset", text)
        reader.refuse("cursor", "x")
    else:
        signed = [signing.dumps(content, salt=CURSOR_SALT) for content in FOREIGN_CURSORS]
        elsewhere = signing.dumps(["-created_at", True, "2026-01-09T10:30:00Z", "x"], salt="elsewhere")
        for cursor in (*CURSORS, *signed, elsewhere):
            reader.refuse("cursor", cursor)
        reader.refuse("offset", "0")
    reader.table.done()
