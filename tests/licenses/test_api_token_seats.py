"""Seats held by API tokens: they belong to the token's maker, and a heartbeat costs one SELECT."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import ApiToken, Membership, Organization, Role, User
from licenses.models import License, SeatSession
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import Person, make_api_token, make_license, make_membership, make_person
from tests.licenses.seats import acquire, beat, forget_leases, outlive, release


def scripted(person: Person, *scopes: str) -> Person:
    """The same member, by an API token."""
    return Person(person.membership, make_api_token(person, *(scopes or ["manage:licenses"])))


def beat_by_key(api: Api, text: str, session_id: str) -> Answer:
    """A heartbeat with the token in X-API-Key."""
    return api.with_headers(x_api_key=text).patch("heartbeat", session_id=session_id)


class TestSeatsByApiToken:
    def test_belong_to_the_maker(self, api: Api, owner: Person, license: License) -> None:
        script = scripted(owner)
        seat = acquire(api, script, license)
        assert seat.status == 201
        assert SeatSession.objects.get().user_id == owner.user_id
        assert acquire(api, owner, license).data["session_id"] == seat.data["session_id"]
        assert release(api, script, seat.data["session_id"]).status == 200

    def test_are_listed_by_a_token_that_reads(self, api: Api, owner: Person, license: License) -> None:
        session_id = acquire(api, owner, license).data["session_id"]
        reader = api.as_bearer(make_api_token(owner, "read:licenses"))
        assert reader.get("session", session_id=session_id).status == 200
        assert [row["session_id"] for row in reader.get("sessions").rows("sessions")] == [session_id]
        assert reader.get("license", license_id=license.pk).status == 200
        assert_problem(reader.delete("session", session_id=session_id), 403, "insufficient_scope")


class TestHeartbeatByApiToken:
    def test_keeps_the_seat(self, api: Api, owner: Person, license: License) -> None:
        script = scripted(owner)
        session_id = acquire(api, script, license).data["session_id"]
        assert beat(api, script, session_id).status == 200
        assert beat_by_key(api, script.token, session_id).status == 200
        assert beat(api, owner, session_id).status == 200

    def test_costs_one_select(self, api: Api, owner: Person, license: License) -> None:
        script = scripted(owner)
        session_id = acquire(api, script, license).data["session_id"]
        with CaptureQueriesContext(connection) as queries:
            assert beat(api, script, session_id).status == 200
        assert [query["sql"].partition(" ")[0] for query in queries] == ["SELECT"]

    def test_notes_the_tokens_use_once_a_minute(
        self, api: Api, owner: Person, license: License, django_assert_num_queries: Any
    ) -> None:
        script = scripted(owner)
        session_id = acquire(api, script, license).data["session_id"]
        ApiToken.objects.update(last_used_at=timezone.now() - timedelta(seconds=61))
        for expected in (2, 1):
            with django_assert_num_queries(expected):
                beat(api, script, session_id)

    def test_is_renewed_by_the_record_too(self, api: Api, owner: Person, license: License) -> None:
        script = scripted(owner)
        session_id = acquire(api, script, license).data["session_id"]
        outlive(session_id)
        assert beat(api, script, session_id).status == 200
        forget_leases(license)
        answer = beat(api, script, session_id)
        assert (answer.status, answer.headers["X-RateLimit-Remaining"]) == (200, "98")

    @pytest.mark.parametrize(
        ("change", "status", "code"),
        [
            ("revoked", 401, "token_revoked"),
            ("expired", 401, "token_expired"),
            ("deactivated", 401, "token_revoked"),
            ("removed", 401, "token_revoked"),
            ("organization deleted", 401, "token_revoked"),
            ("demoted", 403, "insufficient_scope"),
            ("without scope", 403, "insufficient_scope"),
        ],
    )
    def test_is_refused_with_a_token_that_counts_no_more(
        self, api: Api, owner: Person, license: License, change: str, status: int, code: str
    ) -> None:
        admin = make_person(Role.ADMIN, organization=owner.organization)
        script = scripted(admin)
        session_id = acquire(api, script, license).data["session_id"]
        now = timezone.now()
        changes: dict[str, Any] = {
            "revoked": lambda: ApiToken.objects.update(revoked_at=now),
            "expired": lambda: ApiToken.objects.update(expires_at=now),
            "deactivated": lambda: User.objects.filter(pk=admin.user_id).update(is_active=False),
            "removed": lambda: Membership.objects.filter(pk=admin.membership.pk).delete(),
            "organization deleted": lambda: Organization.objects.update(status=Organization.Status.DELETED),
            "demoted": lambda: Membership.objects.filter(pk=admin.membership.pk).update(role=Role.VIEWER),
            "without scope": lambda: ApiToken.objects.update(scopes=["read:licenses"]),
        }
        changes[change]()
        assert_problem(beat(api, script, session_id), status, code)
        assert_problem(beat_by_key(api, script.token, session_id), status, code)

    def test_is_refused_unknown(self, api: Api, owner: Person, license: License) -> None:
        session_id = acquire(api, owner, license).data["session_id"]
        answer = beat(api, Person(owner.membership, "cdt_test_" + "a" * 40), session_id)
        assert_problem(answer, 401, "token_invalid")

    def test_is_for_the_makers_seats_alone(self, api: Api, owner: Person, outsider: Person, license: License) -> None:
        admin = make_person(Role.ADMIN, organization=owner.organization)
        session_id = acquire(api, owner, license).data["session_id"]
        for other in (scripted(admin), scripted(outsider)):
            assert_problem(beat(api, other, session_id), 404, "session_not_found")
        unknown = "00000000-0000-8000-8000-000000000000"
        assert_problem(beat(api, scripted(owner), unknown), 404, "session_not_found")

    def test_stays_in_its_organization(self, api: Api, owner: Person, license: License) -> None:
        """The maker's seat of another organization is none of this token's business."""
        second = make_membership(user=owner.membership.user)
        client = api.with_headers(x_organization_id=str(second.organization_id))
        elsewhere = acquire(client, owner, make_license(second.organization)).data["session_id"]
        assert beat(api, owner, elsewhere).status == 200
        assert_problem(beat(api, scripted(owner), elsewhere), 404, "session_not_found")

    def test_asks_for_a_token_before_it_reads_the_body(self, api: Api) -> None:
        assert_problem(api.post("heartbeat-by-body", {}), 401, "authentication_required")
        assert api.as_bearer("cdt_test_x").post("heartbeat-by-body", {}).status == 400
