"""The tenant table: another's object answers byte for byte as an id that does not exist."""

import json
from typing import Any
from uuid import UUID

import pytest

from accounts.scopes import Scope
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import make_api_token
from tests.tables.cases import CASES, Table, call, case_id, client
from tests.tables.operation import Operation
from tests.tables.world import ANONYMOUS, OUTSIDER, ROLES, World

# Of no lease group, and in no table.
NOBODYS = UUID("6f9619ff-8b86-8011-b42d-00cf4fc964ff")
OBJECT_CASES = [(operation, dialect) for operation, dialect in CASES if operation.not_found]
# No operation on an object asks for it.
NEXT_TO_NOTHING = Scope.WRITE_PROFILE
# What differs between any two answers.
CHANGING = {"X-Request-ID", "X-RateLimit-Remaining", "X-RateLimit-Reset"}


def told(answer: Answer) -> tuple[Any, ...]:
    """All that a caller is told, without what differs between any two answers."""
    body = json.loads(answer.content)
    body.pop("meta", None)
    headers = {name: value for name, value in answer.headers.items() if name not in CHANGING | {"Content-Length"}}
    return answer.status, len(answer.content), json.dumps(body), headers


def unknown(operation: Operation, path: dict[str, Any], body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The same request for an object that does not exist."""
    if operation.object_in_body is None:
        last = list(operation.path)[-1]
        return {**path, last: NOBODYS}, body
    is_key = operation.object_in_body == "license_key"
    return path, {**body, operation.object_in_body: "PROD-2025-NONE-0000" if is_key else str(NOBODYS)}


def strangers(world: World, operation: Operation, dialect: str) -> dict[str, Api]:
    """Those for whom an object of the owner does not exist."""
    outsider = client(world, dialect, OUTSIDER)
    in_vain = {
        "outsider": outsider,
        "outsider naming the organization": outsider.with_headers(x_organization_id=str(world.owner.organization.pk)),
        "outsider naming their own": outsider.with_headers(x_organization_id=str(world.outsider.organization.pk)),
    }
    colleagues = {role: client(world, dialect, role) for role in ROLES if role in operation.hidden_from - {"owner"}}
    return in_vain | colleagues


def tokens(world: World, dialect: str) -> dict[str, Api]:
    """API tokens that open nothing here: of another organization, and one that may do next to nothing."""
    theirs, bare = make_api_token(world.outsider), make_api_token(world.owner, NEXT_TO_NOTHING)
    return {
        "API token of another organization": Api(dialect, theirs),
        "the same in X-API-Key": Api(dialect).with_headers(x_api_key=theirs),
        "API token without the scope": Api(dialect, bare),
    }


@pytest.mark.parametrize(("operation", "dialect"), OBJECT_CASES, ids=case_id)
def test_tenants(world: World, operation: Operation, dialect: str) -> None:
    table = Table("tenant")
    for name, api in tokens(world, dialect).items():
        with table.case(f"{operation.id} {dialect} as {name}"):
            path, body = operation.path_for(world, world.owner), operation.body_for(world, world.owner)
            found, missing = call(api, operation, path, body), call(api, operation, *unknown(operation, path, body))
            if (found.status, found.code) != (403, "insufficient_scope"):
                assert found.status == 404, f"{found.status} {found.content[:200]!r}"
            assert told(found) == told(missing)
    for name, api in strangers(world, operation, dialect).items():
        with table.case(f"{operation.id} {dialect} as {name}"):
            path, body = operation.path_for(world, world.owner), operation.body_for(world, world.owner)
            found, missing = call(api, operation, path, body), call(api, operation, *unknown(operation, path, body))
            assert found.status == 404, f"{found.status} {found.content[:200]!r}"
            assert told(found) == told(missing)
    with table.case(f"{operation.id} {dialect} as {ANONYMOUS}"):
        path, body = operation.path_for(world, world.owner), operation.body_for(world, world.owner)
        api = client(world, dialect, ANONYMOUS)
        found, missing = call(api, operation, path, body), call(api, operation, *unknown(operation, path, body))
        assert_problem(found, 401, "authentication_required")
        assert told(found) == told(missing)
    table.done()
