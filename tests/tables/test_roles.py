"""The role table: every operation by every actor, each on what they may know of."""

import pytest

from tests.api.shapes import assert_problem
from tests.dialects import Answer
from tests.tables.cases import CASES, Table, call, case_id, client
from tests.tables.operation import Operation
from tests.tables.world import ACTORS, ANONYMOUS, World


def expect(operation: Operation, actor: str, answer: Answer) -> None:
    """Those who may succeed; nobody else learns more than that they may not."""
    if actor in operation.may:
        expected = 204 if operation.is_silent and answer.dialect == "enveloped" else operation.success
        assert answer.status == expected, f"{answer.status} {answer.content[:300]!r}, not {expected}"
    elif actor == ANONYMOUS:
        assert_problem(answer, 401, "authentication_required")
    elif answer.status == 404:
        assert actor in operation.hidden_from, "404 for what this role sees"
    else:
        assert_problem(answer, 403, "permission_denied")


@pytest.mark.parametrize(("operation", "dialect"), CASES, ids=case_id)
def test_roles(world: World, operation: Operation, dialect: str) -> None:
    table = Table("role")
    for actor in (*ACTORS, *sorted(operation.may - set(ACTORS))):
        with table.case(f"{operation.id} {dialect} as {actor}"):
            person = world.people.get(actor, world.owner)
            path, body = operation.path_for(world, person), operation.body_for(world, person)
            expect(operation, actor, call(client(world, dialect, actor), operation, path, body))
    table.done()
