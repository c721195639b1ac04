"""Administrators see what their webhooks were sent, what came back, and how long it took."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from accounts.models import Role
from accounts.scopes import Scope
from tests.api.shapes import assert_problem
from tests.dialects import Api
from tests.factories import Person, make_api_token, make_person
from tests.webhooks.factories import SECRET, URL, make_delivery, make_endpoint
from tests.webhooks.telling import tell
from webhooks.models import Attempt, Delivery, Endpoint
from webhooks.payloads import body_of

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)
NOBODYS = UUID("6f9619ff-8b86-4011-b42d-00cf4fc964ff")


@pytest.fixture
def caller(api: Api, owner: Person) -> Api:
    """The API as the owner of an organization."""
    return api.as_bearer(owner.token)


@pytest.fixture
def endpoint(owner: Person) -> Endpoint:
    """An endpoint of the owner's organization."""
    return make_endpoint(owner.organization)


@pytest.fixture
def delivery(owner: Person, endpoint: Endpoint) -> Delivery:
    """One that succeeded at the second try."""
    event = tell(owner.organization, data={"license_id": "1"})
    values = {"event_id": event.pk, "event_type": event.type, "attempts": 2}
    delivery = make_delivery(endpoint, status="succeeded", created_at=NOW, finished_at=NOW + 6 * SECOND, **values)
    tried = {"delivery": delivery, "duration_ms": 15000, "error": "timed_out"}
    took = {"delivery": delivery, "duration_ms": 41, "status_code": 200, "response_start": "thanks"}
    # Written in another order than that of the tries.
    Attempt.objects.create(at=NOW + 6 * SECOND, **took)
    Attempt.objects.create(at=NOW, **tried)
    return delivery


def listed(api: Api, endpoint: Endpoint, **query: Any) -> list[dict[str, Any]]:
    """The rows of the list."""
    answer = api.get("webhook-deliveries", query, webhook_id=endpoint.pk)
    assert answer.status == 200, answer.content
    return answer.rows("deliveries")


def ids(rows: list[dict[str, Any]]) -> list[str]:
    """Whose they are."""
    return [row["id"] for row in rows]


class TestListDeliveries:
    def test_shows_what_was_sent_and_what_came_back(self, caller: Api, endpoint: Endpoint, delivery: Delivery) -> None:
        (row,) = listed(caller, endpoint)
        body = row["request"].pop("body")
        assert row == {
            "id": str(delivery.pk),
            "event_id": str(delivery.event_id),
            "event_type": "license.updated",
            "reason": "event",
            "status": "succeeded",
            "created_at": "2026-11-02T09:00:00Z",
            "finished_at": "2026-11-02T09:00:06Z",
            "attempts": [
                {
                    "at": "2026-11-02T09:00:00Z",
                    "status_code": None,
                    "duration_ms": 15000,
                    "error": "timed_out",
                    "response": None,
                },
                {
                    "at": "2026-11-02T09:00:06Z",
                    "status_code": 200,
                    "duration_ms": 41,
                    "error": None,
                    "response": "thanks",
                },
            ],
            "request": {
                "url": URL,
                "headers": {"content-type": "application/json", "webhook-id": str(delivery.event_id)},
            },
        }
        assert json.loads(body)["data"] == {"license_id": "1"}

    def test_shows_the_body_byte_for_byte(self, caller: Api, owner: Person, endpoint: Endpoint) -> None:
        event = tell(owner.organization, data={"note": "Grüße €"})
        make_delivery(endpoint, event_id=event.pk)
        assert listed(caller, endpoint)[0]["request"]["body"].encode() == body_of(event)

    def test_shows_no_body_once_the_event_is_forgotten(self, caller: Api, endpoint: Endpoint) -> None:
        make_delivery(endpoint, event_id=uuid4())
        assert listed(caller, endpoint)[0]["request"]["body"] is None

    def test_shows_no_secret(self, caller: Api, endpoint: Endpoint, delivery: Delivery) -> None:
        answer = caller.get("webhook-deliveries", webhook_id=endpoint.pk)
        endpoint.refresh_from_db()
        assert delivery.event_type in answer.content.decode()
        assert all(secret not in answer.content.decode() for secret in (SECRET, endpoint.secret, "signature"))

    def test_asks_the_database_as_often_for_many_as_for_one(
        self, caller: Api, endpoint: Endpoint, delivery: Delivery, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(10):
            Attempt.objects.create(delivery=make_delivery(endpoint), at=NOW, duration_ms=number, status_code=500)
        with django_assert_max_num_queries(8):
            assert len(listed(caller, endpoint)) == 11


class TestOrder:
    def test_is_the_lane_s_with_the_newest_first(self, caller: Api, endpoint: Endpoint) -> None:
        made = [str(make_delivery(endpoint, created_at=NOW).pk) for _ in range(5)]
        assert ids(listed(caller, endpoint)) == made[::-1]
        assert ids(listed(caller, endpoint, sort="created_at")) == made

    def test_goes_on_from_page_to_page(self, api: Api, owner: Person, endpoint: Endpoint) -> None:
        caller = api.as_bearer(owner.token)
        made = [str(make_delivery(endpoint, created_at=NOW).pk) for _ in range(5)]
        answer = caller.get("webhook-deliveries", {"limit": 2}, webhook_id=endpoint.pk)
        found = ids(answer.rows("deliveries"))
        while len(found) < len(made):
            page = answer.json["pagination"] if api.dialect == "enveloped" else answer.json
            query = {"cursor": page["next_cursor"]} if api.dialect == "enveloped" else {"offset": len(found)}
            answer = caller.get("webhook-deliveries", {"limit": 2, **query}, webhook_id=endpoint.pk)
            found += ids(answer.rows("deliveries"))
        assert found == made[::-1]


class TestFilters:
    def test_by_status(self, caller: Api, endpoint: Endpoint, delivery: Delivery) -> None:
        waiting = make_delivery(endpoint)
        assert ids(listed(caller, endpoint, status="pending")) == [str(waiting.pk)]
        assert ids(listed(caller, endpoint, status="succeeded")) == [str(delivery.pk)]
        assert listed(caller, endpoint, status="superseded") == []

    def test_by_type(self, caller: Api, endpoint: Endpoint, delivery: Delivery) -> None:
        renewed = make_delivery(endpoint, event_type="license.renewed")
        assert ids(listed(caller, endpoint, event_type="license.renewed")) == [str(renewed.pk)]
        assert listed(caller, endpoint, event_type="license") == []

    def test_by_time(self, caller: Api, endpoint: Endpoint) -> None:
        first, second = (str(make_delivery(endpoint, created_at=NOW + n * SECOND).pk) for n in (0, 1))
        assert ids(listed(caller, endpoint, created_after="2026-11-02T09:00:00Z")) == [second]
        assert ids(listed(caller, endpoint, created_before="2026-11-02T09:00:01Z")) == [first]

    @pytest.mark.parametrize("query", [{"status": "odd"}, {"created_after": "soon"}, {"reason": "x"}])
    def test_refuse_what_they_do_not_know(self, caller: Api, endpoint: Endpoint, query: dict[str, str]) -> None:
        assert caller.get("webhook-deliveries", query, webhook_id=endpoint.pk).status == 400


class TestWhoSees:
    @pytest.mark.parametrize("role", [Role.MEMBER, Role.VIEWER])
    def test_not_who_does_not_administer(
        self, api: Api, owner: Person, endpoint: Endpoint, delivery: Delivery, role: Role
    ) -> None:
        colleague = make_person(role, organization=owner.organization)
        answer = api.as_bearer(colleague.token).get("webhook-deliveries", webhook_id=endpoint.pk)
        assert_problem(answer, 403, "permission_denied")

    def test_not_another_organization(self, api: Api, outsider: Person, endpoint: Endpoint, delivery: Delivery) -> None:
        stranger = api.as_bearer(outsider.token)
        for id in (endpoint.pk, NOBODYS):
            assert_problem(stranger.get("webhook-deliveries", webhook_id=id), 404, "webhook_not_found")

    def test_only_this_endpoint_s(self, caller: Api, owner: Person, endpoint: Endpoint, delivery: Delivery) -> None:
        assert listed(caller, make_endpoint(owner.organization)) == []

    def test_an_api_token_that_may_administer(self, api: Api, owner: Person, endpoint: Endpoint) -> None:
        make_delivery(endpoint)
        may, may_not = make_api_token(owner, Scope.ADMIN_ORG), make_api_token(owner, Scope.READ_ORG)
        assert len(listed(api.as_bearer(may), endpoint)) == 1
        answer = api.as_bearer(may_not).get("webhook-deliveries", webhook_id=endpoint.pk)
        assert_problem(answer, 403, "insufficient_scope")
