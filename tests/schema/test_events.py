"""What customers are sent, as it is described: every public event, for programs and for people."""

from typing import Any

import pytest

from coditect.api.schema.event_page import event_page
from coditect.api.schema.forms import FORMS, Form
from coditect.journal.catalogue import PUBLIC_TYPES, public_event
from tests.schema.conformance import document
from tests.workshop.files import read

PROMISED = """
license.created license.updated license.suspended license.reinstated license.revoked license.renewed license.transferred
license.key_rotated license.expiring license.expired
license.seat.acquired license.seat.released license.seat.expired license.seat.revoked license.seats.exhausted
subscription.created subscription.updated subscription.past_due subscription.resumed subscription.canceled
checkout.completed checkout.expired invoice.paid invoice.payment_failed
member.invited member.joined member.removed
"""
# What may be in a payload that sounds like a secret, but tells no more than how a key ends, or that there was one.
HARMLESS = {"key_ending", "former_key_ending", "former_key_works_until"}

each_form = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.title)


def request_of(form: Form, event_type: str) -> dict[str, Any]:
    """What a document says of an event."""
    found: dict[str, Any] = document(form.title)["webhooks"][event_type]["post"]
    return found


def data_of(form: Form, event_type: str) -> dict[str, Any]:
    """The schema of an event's data."""
    body = request_of(form, event_type)["requestBody"]["content"]["application/json"]["schema"]
    name = body["properties"]["data"]["$ref"].rpartition("/")[2]
    found: dict[str, Any] = document(form.title)["components"]["schemas"][name]
    return found


class TestCatalogue:
    def test_has_what_was_promised_and_nothing_else(self) -> None:
        assert set(PUBLIC_TYPES) == set(PROMISED.split())

    @pytest.mark.parametrize("event_type", ["license.downloaded", "license.seat.denied", "api_token.created"])
    def test_keeps_what_is_for_the_audit_alone(self, event_type: str) -> None:
        assert event_type not in PUBLIC_TYPES

    def test_says_what_each_event_means(self) -> None:
        assert [name for name in PUBLIC_TYPES if not public_event(name).summary.endswith(".")] == []


class TestDocuments:
    @each_form
    def test_have_a_request_for_each_event(self, form: Form) -> None:
        assert set(document(form.title)["webhooks"]) == set(PUBLIC_TYPES)

    @each_form
    def test_name_every_field_and_require_all(self, form: Form) -> None:
        for name in PUBLIC_TYPES:
            schema = data_of(form, name)
            assert set(schema["required"]) == set(schema["properties"]) == set(public_event(name).data.__annotations__)

    @each_form
    def test_promise_no_key_and_no_secret(self, form: Form) -> None:
        fields = {field for name in PUBLIC_TYPES for field in data_of(form, name)["properties"]}
        assert [field for field in fields - HARMLESS if any(word in field for word in ("key", "secret", "token"))] == []

    @each_form
    def test_describe_the_signatures(self, form: Form) -> None:
        parameters = document(form.title)["components"]["parameters"]
        assert {"webhook-id", "webhook-timestamp", "webhook-signature", "X-Coditect-Signature"} == set(parameters)


class TestPage:
    def test_is_committed_as_it_is(self) -> None:
        assert read("docs/webhook-events.md") == event_page(), "docs/webhook-events.md is stale: run `make schema`"

    def test_has_a_table_for_each_event(self) -> None:
        page = event_page()
        for name in PUBLIC_TYPES:
            section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
            fields = public_event(name).data.__annotations__
            assert [field for field in fields if f"| `{field}` |" not in section] == [], name
