"""Every operation has its row."""

from coditect.api.schema.document import operations_of
from coditect.urls import router
from tests.tables.operations import OPERATIONS

# Their bodies are signed: tests/accounts/test_leaked_tokens.py and tests/webhooks try what the tables try.
ELSEWHERE = {"leaked-tokens", "stripe-events"}


def test_every_operation_of_both_dialects_has_a_row() -> None:
    routed = {
        (route.name, method.upper(), dialect.name)
        for route in router.routes
        for method, _ in operations_of(route)
        for dialect in route.dialects
        if route.name not in ELSEWHERE
    }
    rows = [(row.name, row.method, dialect) for row in OPERATIONS for dialect in row.dialects]
    assert routed - set(rows) == set(), "tests/tables/operations.py lacks a row for these"
    assert set(rows) - routed == set(), "these rows have no route"
    assert len(rows) == len(set(rows))
