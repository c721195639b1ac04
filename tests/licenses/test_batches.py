"""GET and POST batches, batches/{id}, its results, and its end."""

from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import Role, User
from coditect.journal.models import Event
from licenses.models import Batch, License
from licenses.services.life import suspend_license
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import Person, make_api_token, make_license, make_person
from tests.licenses.batches import NOBODYS, counts, order, run

UNACCEPTABLE = {"flat": (400, "validation_failed"), "enveloped": (422, "validation_failed")}
MALFORMED = {"flat": (400, "validation_failed"), "enveloped": (400, "invalid_request")}
FIELDS = {
    "id",
    "operation",
    "expires_at",
    "reason",
    "status",
    "total",
    "succeeded",
    "failed",
    "created_at",
    "started_at",
    "finished_at",
}
ENDS = "2099-01-01T00:00:00Z"


def create(api: Api, person: Person, **body: Any) -> Answer:
    """Order a batch."""
    return api.as_bearer(person.token).post("batches", body)


@pytest.fixture
def staff(db: None) -> Person:
    """One of the service's staff, in an organization of their own."""
    person = make_person(Role.OWNER)
    User.objects.filter(pk=person.user_id).update(is_staff=True)
    return person


class TestCreateBatch:
    def test_answers_before_the_work_is_done(self, api: Api, owner: Person, license: License) -> None:
        answer = create(api, owner, operation="suspend", ids=[str(license.pk)], reason="unpaid")
        assert (answer.status, set(answer.data)) == (201, FIELDS)
        found = [answer.data[name] for name in ("operation", "status", "total", "succeeded", "failed", "reason")]
        assert found == ["suspend", "queued", 1, 0, 0, "unpaid"]
        run()
        shown = api.as_bearer(owner.token).get("batch", batch_id=answer.data["id"])
        assert (shown.data["status"], shown.data["succeeded"]) == ("completed", 1)
        license.refresh_from_db()
        assert license.status == "suspended"

    def test_is_recorded(self, api: Api, owner: Person, license: License) -> None:
        answer = create(api, owner, operation="validate", keys=[license.key_string])
        event = Event.objects.get(type="batch.created")
        assert (str(event.subject_id), event.actor_id) == (answer.data["id"], owner.user_id)
        assert license.key_normalized not in str(Event.objects.values())

    def test_with_an_idempotency_key_happens_once(self, api: Api, owner: Person, license: License) -> None:
        again = api.with_headers(idempotency_key="once")
        first, second = (create(again, owner, operation="validate", ids=[str(license.pk)]) for _ in range(2))
        assert (first.data, Batch.objects.count()) == (second.data, 1)

    @pytest.mark.parametrize(
        ("body", "field", "expected"),
        [
            ({"ids": None}, "ids", MALFORMED),
            ({"keys": ["A"]}, "keys", UNACCEPTABLE),
            ({"ids": []}, "ids", UNACCEPTABLE),
            ({"ids": [str(NOBODYS)] * 10_001}, "ids", UNACCEPTABLE),
            ({"ids": "all"}, "ids", MALFORMED),
            ({"ids": ["x"]}, "ids.0", MALFORMED),
            ({"operation": "destroy"}, "operation", UNACCEPTABLE),
            ({"operation": "renew"}, "expires_at", MALFORMED),
            ({"expires_at": ENDS}, "expires_at", UNACCEPTABLE),
            ({"reason": "x" * 201}, "reason", UNACCEPTABLE),
        ],
        ids=["nothing", "both", "none", "many", "text", "no-id", "operation", "no-end", "an-end", "reason"],
    )
    def test_refuses(self, api: Api, owner: Person, body: Any, field: str, expected: Any) -> None:
        answer = create(api, owner, **{"operation": "suspend", "ids": [str(NOBODYS)]} | body)
        assert_problem(answer, *expected[api.dialect])
        assert field in answer.errors
        assert not Batch.objects.exists()

    def test_refuses_what_names_no_license(self, api: Api, owner: Person) -> None:
        assert_problem(create(api, owner, operation="suspend"), *MALFORMED[api.dialect])

    def test_is_for_administrators(self, api: Api, owner: Person, license: License) -> None:
        for role, status in ((Role.ADMIN, 201), (Role.MEMBER, 403), (Role.VIEWER, 403)):
            person = make_person(role, organization=owner.organization)
            assert create(api, person, operation="suspend", ids=[str(license.pk)]).status == status

    def test_touches_nothing_of_others(self, api: Api, outsider: Person, license: License) -> None:
        batch = create(api, outsider, operation="suspend", ids=[str(license.pk)]).data["id"]
        run()
        row = api.as_bearer(outsider.token).get("batch-results", batch_id=batch).rows("results")[0]
        assert (row["status"], row["code"]) == ("failed", "license_not_found")
        license.refresh_from_db()
        assert license.status == "active"

    def test_needs_the_scope(self, api: Api, owner: Person, license: License) -> None:
        body = {"operation": "suspend", "ids": [str(license.pk)]}
        reader = api.as_bearer(make_api_token(owner, "read:licenses"))
        assert_problem(reader.post("batches", body), 403, "insufficient_scope")
        manager = api.as_bearer(make_api_token(owner, "manage:licenses"))
        batch = manager.post("batches", body).data["id"]
        assert reader.get("batch", batch_id=batch).status == 200


class TestRenewal:
    def body(self, license: License) -> dict[str, Any]:
        """An order."""
        return {"operation": "renew", "ids": [str(license.pk)], "expires_at": ENDS}

    def test_is_not_for_administrators(self, api: Api, owner: Person, license: License) -> None:
        assert_problem(create(api, owner, **self.body(license)), 403, "permission_denied")

    def test_is_for_staff_in_whatever_organization(
        self, api: Api, staff: Person, owner: Person, license: License
    ) -> None:
        named = api.with_headers(x_organization_id=str(owner.organization.pk))
        answer = create(named, staff, **self.body(license))
        assert answer.status == 201
        run()
        license.refresh_from_db()
        assert license.expires_at is not None
        assert license.expires_at.isoformat() == "2099-01-01T00:00:00+00:00"
        seen_by_owner = api.as_bearer(owner.token).get("batches").rows("batches")
        seen_by_staff = named.as_bearer(staff.token).get("batches").rows("batches")
        assert [row["id"] for row in seen_by_owner] == [row["id"] for row in seen_by_staff] == [answer.data["id"]]

    def test_by_staff_reaches_only_the_organization_named(self, api: Api, staff: Person, license: License) -> None:
        assert create(api, staff, **self.body(license)).status == 201
        run()
        license.refresh_from_db()
        assert license.expires_at is None

    def test_is_not_for_a_token_of_staff(self, api: Api, staff: Person, license: License) -> None:
        token = api.as_bearer(make_api_token(staff, "manage:licenses"))
        assert_problem(token.post("batches", self.body(license)), 403, "permission_denied")

    def test_is_canceled_by_staff_alone(self, api: Api, staff: Person, owner: Person, license: License) -> None:
        named = api.with_headers(x_organization_id=str(owner.organization.pk))
        batch = create(named, staff, **self.body(license)).data["id"]
        own = api.as_bearer(owner.token)
        assert_problem(own.post("cancel-batch", batch_id=batch), 403, "permission_denied")
        assert named.as_bearer(staff.token).post("cancel-batch", batch_id=batch).data["status"] == "canceled"

    def test_is_all_that_staff_does_elsewhere(self, api: Api, staff: Person, owner: Person, license: License) -> None:
        named = api.with_headers(x_organization_id=str(owner.organization.pk))
        answer = create(named, staff, operation="suspend", ids=[str(license.pk)])
        assert_problem(answer, 404, "organization_not_found")
        nobodys = api.with_headers(x_organization_id=str(NOBODYS))
        assert_problem(create(nobodys, staff, **self.body(license)), 404, "organization_not_found")


class TestListBatches:
    def test_shows_the_organizations_own(self, api: Api, owner: Person, outsider: Person, license: License) -> None:
        batch = order(owner, "validate", [license])
        for person, expected in ((owner, [str(batch.pk)]), (outsider, [])):
            rows = api.as_bearer(person.token).get("batches").rows("batches")
            assert [row["id"] for row in rows] == expected

    def test_filters(self, api: Api, owner: Person, license: License) -> None:
        done, queued = order(owner, "validate", [license]), order(owner, "suspend", [license])
        Batch.objects.filter(pk=done.pk).update(status="completed", finished_at=timezone.now())
        reader = api.as_bearer(owner.token)
        for query, expected in (
            ({"status": "completed"}, [done]),
            ({"operation": "suspend"}, [queued]),
            ({"sort": "created_at"}, [done, queued]),
            ({"sort": "-created_at"}, [queued, done]),
        ):
            rows = reader.get("batches", query).rows("batches")
            assert [row["id"] for row in rows] == [str(batch.pk) for batch in expected]


class TestResults:
    def test_are_in_the_order_of_the_request(self, api: Api, owner: Person, license: License) -> None:
        batch = order(owner, "suspend", ids=[NOBODYS, license.pk])
        run()
        first, second = api.as_bearer(owner.token).get("batch-results", batch_id=batch.pk).rows("results")
        assert first == {
            "position": 1,
            "id": str(NOBODYS),
            "key": None,
            "status": "failed",
            "code": "license_not_found",
            "message": "License not found.",
            "verdict": None,
        }
        found = [second[name] for name in ("position", "id", "status", "code", "message")]
        assert found == [2, str(license.pk), "succeeded", None, None]

    def test_mask_keys(self, api: Api, owner: Person, license: License) -> None:
        batch = order(owner, "validate", keys=[license.key_string])
        answer = api.as_bearer(owner.token).get("batch-results", batch_id=batch.pk)
        row = answer.rows("results")[0]
        assert (row["id"], row["status"], row["key"][-4:]) == (None, "pending", license.key_normalized[-4:])
        assert license.key_normalized.encode() not in answer.content

    def test_tell_verdicts_as_validate_does(self, api: Api, owner: Person, license: License) -> None:
        other = make_license(owner.organization)
        suspend_license(license_id=other.pk, now=timezone.now())
        batch = order(owner, "validate", keys=[license.key_string, other.key_string])
        run()
        rows = api.as_bearer(owner.token).get("batch-results", batch_id=batch.pk).rows("results")
        for row, key in zip(rows, (license.key_string, other.key_string), strict=True):
            said = api.post("validate", {"key_string": key}).data
            changing = {"checked_at": None, "receipt": None}
            assert row["verdict"] | changing == said | changing

    def test_come_in_pages(self, api: Api, owner: Person) -> None:
        batch = order(owner, "validate", ids=[NOBODYS] * 5)
        reader = api.as_bearer(owner.token)
        if api.dialect == "flat":
            answer = reader.get("batch-results", {"limit": 2, "offset": 2}, batch_id=batch.pk)
        else:
            first = reader.get("batch-results", {"limit": 2}, batch_id=batch.pk)
            cursor = first.json["pagination"]["next_cursor"]
            answer = reader.get("batch-results", {"limit": 2, "cursor": cursor}, batch_id=batch.pk)
        assert [row["position"] for row in answer.rows("results")] == [3, 4]

    def test_are_filtered(self, api: Api, owner: Person, license: License) -> None:
        batch = order(owner, "suspend", ids=[NOBODYS, license.pk])
        run()
        rows = api.as_bearer(owner.token).get("batch-results", {"status": "failed"}, batch_id=batch.pk).rows("results")
        assert [row["position"] for row in rows] == [1]


class TestCancelBatch:
    def test_stops_what_is_not_done_yet(self, api: Api, owner: Person, license: License) -> None:
        batch = order(owner, "suspend", [license])
        canceler = api.as_bearer(owner.token)
        answer = canceler.post("cancel-batch", batch_id=batch.pk)
        assert (answer.status, answer.data["status"]) == (200, "canceled")
        assert canceler.post("cancel-batch", batch_id=batch.pk).data == answer.data
        assert Event.objects.get(type="batch.canceled").actor_id == owner.user_id

    def test_comes_too_late_once_all_is_done(self, api: Api, owner: Person, license: License) -> None:
        batch = order(owner, "suspend", [license])
        run()
        assert_problem(api.as_bearer(owner.token).post("cancel-batch", batch_id=batch.pk), 409, "batch_completed")


class TestOutsider:
    def test_finds_no_batch(self, api: Api, owner: Person, outsider: Person, license: License) -> None:
        batch = order(owner, "suspend", [license])
        stranger = api.as_bearer(outsider.token)
        for batch_id in (batch.pk, uuid4()):
            assert_problem(stranger.get("batch", batch_id=batch_id), 404, "batch_not_found")
            assert_problem(stranger.get("batch-results", batch_id=batch_id), 404, "batch_not_found")
            assert_problem(stranger.post("cancel-batch", batch_id=batch_id), 404, "batch_not_found")
        assert counts(batch) == ("queued", 0, 0)

    def test_finds_none_by_naming_the_organization(
        self, api: Api, owner: Person, outsider: Person, license: License
    ) -> None:
        batch = order(owner, "suspend", [license])
        stranger = api.as_bearer(outsider.token).with_headers(x_organization_id=str(owner.organization.pk))
        assert_problem(stranger.get("batches"), 404, "organization_not_found")
        assert_problem(stranger.get("batch", batch_id=batch.pk), 404, "organization_not_found")
        body = {"operation": "validate", "ids": [str(license.pk)]}
        assert_problem(stranger.post("batches", body), 404, "organization_not_found")
