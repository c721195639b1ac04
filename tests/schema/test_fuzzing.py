"""schemathesis over both documents: made-up requests, with and without real ids, under all of its checks."""

import json
import os
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from pytest_django import Settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS
from schemathesis.core import NOT_SET
from schemathesis.core.transport import Response
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.schemas import OpenApiSchema

from coditect import redis
from tests.schema.conformance import operation_of
from tests.schema.test_documents import SCHEMA_PATHS
from tests.tables.cases import CASES, case_id, client
from tests.tables.operation import Operation
from tests.tables.world import World

# More on request: FUZZ_EXAMPLES=500 make test ARGS=tests/schema
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "3"))
# Rules that no schema can tell: a password must be hard to guess, a token from a mail genuine, a code the one sent, a
# range must begin before it ends, a batch names ids or keys, a price is on offer, a redirect leads to us, a webhook
# goes to a host on the public internet.
BEYOND_SCHEMAS = {
    "register",
    "reset_password",
    "change_password",
    "change_email",
    "confirm_change_email",
    "verify_email",
    "verify_email_by_link",
    "log_in_by_code",
    "confirm_totp",
    "turn_off_totp",
    "delete_account",
    "create_api_token",
    "create_batch",
    "renew_license",
    "accept_invitation",
    "transfer_ownership",
    "show_usage",
    "export_usage",
    "import_licenses",
    "create_subscription",
    "open_checkout",
    "change_subscription_plan",
    "change_subscription_seats",
    "open_billing_portal",
    "create_webhook",
    "change_webhook",
}
NUL = json.dumps("\0").strip('"')
ADDRESSES = st.from_regex(r"[a-z]{1,20}@[a-z]{1,20}\.example", fullmatch=True)
schemathesis.openapi.format("email", ADDRESSES)

AnyCase = Case[Any]


@cache
def description(dialect: str) -> OpenApiSchema:
    """What schemathesis reads of a dialect's document."""
    return schemathesis.openapi.from_wsgi(SCHEMA_PATHS[dialect], get_wsgi_application())


class Fuzz:
    """Sends cases of one operation as somebody who may, each undone, and holds every answer to all checks."""

    def __init__(self, world: World, row: Operation, dialect: str) -> None:
        api = client(world, dialect, row.sender)
        self.path = row.path_for(world, world.owner)
        self.values = row.body_for(world, world.owner)
        self.real = {name: self.values[name] for name, make in row.body.items() if callable(make)}
        self.headers = {"Authorization": f"Bearer {api.token}"}
        known = operation_of(dialect, row.method, api.url(row.name, **self.path))
        assert known is not None
        self.operation: APIOperation[Any, Any, Any, Any] = description(dialect).find_operation_by_id(known.id)
        self.is_beyond = known.id in BEYOND_SCHEMAS

    def send(self, case: AnyCase) -> int:
        """Send a case, and return its status. Raises what a check finds."""
        excluded: list[Any] = [CHECKS.get_one("positive_data_acceptance")] if self.is_beyond else []
        with transaction.atomic():
            response: Response = case.call(headers=self.headers)
            case.validate_response(response, headers=self.headers, excluded_checks=excluded)
            transaction.set_rollback(True)
        redis.client.flushdb()
        return response.status_code

    def exact(self) -> AnyCase:
        """The valid request of the tables."""
        is_body = self.operation.method.upper() != "GET"
        return self.operation.Case(
            path_parameters={name: str(value) for name, value in self.path.items()},
            query={} if is_body else self.values,
            body=self.values if is_body and self.values else NOT_SET,
            media_type="application/json" if is_body and self.values else None,
        )

    def make_real(self, case: AnyCase) -> None:
        """Put real ids into a made-up body, and no cursor, which only the server can make.

        Members beyond the described ones are ignored; that they may hold no NUL, no schema can tell.
        """
        if isinstance(case.body, dict):
            sound = {name: value for name, value in case.body.items() if NUL not in json.dumps([name, value])}
            case.body = sound | self.real
        if case.query:
            case.query = {name: value for name, value in case.query.items() if name != "cursor"}

    def invent(self, mode: GenerationMode) -> None:
        """Send made-up requests of a kind, about objects that exist."""
        path = {name: str(value) for name, value in self.path.items()}

        @seed(20260109)
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=self.operation.as_strategy(generation_mode=mode, path_parameters=path))
        def run(case: AnyCase) -> None:
            if mode == GenerationMode.POSITIVE:
                self.make_real(case)
            self.send(case)

        run()


@pytest.fixture
def _one_connection(unmeasured: None) -> Iterator[None]:
    """Requests share the test's connection, which is in a transaction; Django's own test client does the same."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def fuzz(_one_connection: None, world: World, settings: Settings, request: pytest.FixtureRequest) -> Fuzz:
    """The operation of a case, with limits so wide that none is met but all tell themselves."""
    settings.RATE_LIMIT_FACTOR = 100_000
    row, dialect = request.param
    return Fuzz(world, row, dialect)


each_operation = pytest.mark.parametrize(
    "fuzz", CASES, indirect=True, ids=lambda case: " ".join(case_id(part) for part in case)
)


class TestOperation:
    @each_operation
    def test_succeeds_as_described(self, fuzz: Fuzz) -> None:
        assert 200 <= fuzz.send(fuzz.exact()) < 300

    @each_operation
    def test_takes_what_its_description_allows_and_no_more(self, fuzz: Fuzz) -> None:
        fuzz.invent(GenerationMode.POSITIVE)
        if fuzz.operation.body or fuzz.operation.query or fuzz.operation.path_parameters:
            fuzz.invent(GenerationMode.NEGATIVE)
