"""The mass assignment table: every write with fields that are nobody's to write."""

from typing import Any

import pytest

from coditect.api.schema.document import operations_of
from coditect.urls import router
from tests.dialects import Answer
from tests.tables.cases import CASES, Table, call, case_id, client
from tests.tables.operation import Operation
from tests.tables.rows import Rows
from tests.tables.world import World

PLANTED_ID = "5eed5eed-5eed-4eed-8eed-5eed5eed5eed"
THEIR_USER, THEIR_ORGANIZATION, THEIR_LICENSE = "their user", "their organization", "their license"
PLANTED: dict[str, Any] = {
    "id": PLANTED_ID,
    "pk": PLANTED_ID,
    "user": THEIR_USER,
    "user_id": THEIR_USER,
    "actor_id": THEIR_USER,
    "organization": THEIR_ORGANIZATION,
    "organization_id": THEIR_ORGANIZATION,
    "license_id": THEIR_LICENSE,
    "role": "owner",
    "is_staff": True,
    "is_superuser": True,
    "is_active": False,
    "email_verified": True,
    "email_verified_at": "2999-01-01T00:00:00Z",
    "seats": 4242,
    "max_seats": 4242,
    "tier": "planted",
    "plan": "planted",
    "status": "planted",
    "expires_at": "2999-01-01T00:00:00Z",
    "expiry_date": "2999-01-01T00:00:00Z",
    "created_at": "2999-01-01T00:00:00Z",
    "stripe_customer_id": "cus_planted",
    "stripe_subscription_id": "sub_planted",
    "scopes": ["admin:org"],
    "ip": "203.0.113.66",
    "__proto__": {"is_staff": True},
}
WRITES = [(operation, dialect) for operation, dialect in CASES if operation.is_write]


def fields_of(operation: Operation) -> set[str]:
    """What an operation reads, so that it may write it."""
    descriptions = (
        about
        for route in router.routes
        if route.name == operation.name
        for method, about in operations_of(route)
        if method.upper() == operation.method
    )
    return {str(name) for about in descriptions if about and about.request for name in about.request().fields}


def planted_for(world: World) -> dict[str, Any]:
    """The fields, with ids that exist, and are another organization's."""
    theirs = {
        THEIR_USER: str(world.outsider.user_id),
        THEIR_ORGANIZATION: str(world.outsider.organization.pk),
        THEIR_LICENSE: str(world.foreign_license.pk),
    }
    return {name: theirs.get(value, value) if isinstance(value, str) else value for name, value in PLANTED.items()}


def send(world: World, operation: Operation, dialect: str, more: dict[str, Any]) -> Answer:
    """A valid request of somebody who may, with more in its body."""
    path, body = operation.path_for(world, world.owner), operation.body_for(world, world.owner)
    return call(client(world, dialect, operation.sender), operation, path, body | more)


@pytest.mark.parametrize(("operation", "dialect"), WRITES, ids=case_id)
def test_mass_assignment(world: World, operation: Operation, dialect: str) -> None:
    """All fields go in one request: what any of them writes shows, since no answer may be a refusal."""
    table, rows, own = Table("mass assignment"), Rows(known={PLANTED_ID}), fields_of(operation)
    planted = {name: value for name, value in planted_for(world).items() if name not in own}
    with table.case(f"{operation.id} {dialect}: nothing planted", count=0):
        plain = send(world, operation, dialect, {})
        expected = rows.picture()
    with table.case(f"{operation.id} {dialect}: {', '.join(planted)}", count=len(planted)):
        answer = send(world, operation, dialect, planted)
        assert answer.status == plain.status, f"{answer.status} {answer.content[:200]!r}"
        found = rows.picture()
        assert found == expected, f"wrote {sorted((found - expected).elements())}"
    table.done()
