"""The documents' own examples are requests that the server understands."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from coditect.api.schema.document import METHODS
from tests.dialects import Api
from tests.factories import Person
from tests.schema.conformance import document
from tests.webhooks.name_server import NameServer

SOME_ID = "00000000-0000-4000-8000-000000000000"
# What an example cannot be: a genuine secret, or one's own password.
NOT_GENUINE = {
    "one_time_token_invalid",
    "invalid_credentials",
    "token_invalid",
    "signature_invalid",
    "invitation_not_found",
}
WRONG_PASSWORD = b"password is wrong."


def examples(dialect: str) -> Iterator[tuple[str, str, Any]]:
    """Method, path and body of each example."""
    for path, item in document(dialect)["paths"].items():
        for method in METHODS:
            content = item.get(method, {}).get("requestBody", {}).get("content", {})
            if "application/json" in content:
                yield method.upper(), re.sub(r"\{\w+\}", SOME_ID, path), content["application/json"]["example"]


@pytest.mark.usefixtures("fake")
class TestExamples:
    def test_are_understood(self, api: Api, owner: Person, settings: Settings, name_server: NameServer) -> None:
        settings.RATE_LIMIT_FACTOR = 0
        name_server.knows("example.com", ["93.184.215.14"])
        caller = api.as_bearer(owner.token)
        complaints = []
        for method, path, body in examples(api.dialect):
            answer = caller.send(method, path, body=body)
            is_refused_for_its_form = answer.status in {400, 422} and answer.code not in NOT_GENUINE
            if answer.status >= 500 or (is_refused_for_its_form and WRONG_PASSWORD not in answer.content):
                complaints.append(f"{method} {path} {json.dumps(body)}: {answer.status} {answer.json}")
        assert complaints == []

    @pytest.mark.parametrize("dialect", ["flat", "enveloped"])
    def test_are_many(self, dialect: str) -> None:
        assert len(list(examples(dialect))) >= 25
