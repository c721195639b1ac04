"""PATCH licenses/sessions/{id}/heartbeat and POST licenses/heartbeat."""

from datetime import datetime, timedelta
from typing import Any

from django.test import override_settings
from django.utils import timezone

from accounts.models import Role
from licenses.models import License
from licenses.services.capacity import change_seats
from tests.dialects import Api
from tests.factories import Person, make_person
from tests.licenses.seats import acquire, beat, forget_leases, let_record_run_out, outlive, release
from tests.licenses.test_acquire_seat import SEAT_FIELDS


class TestHeartbeat:
    def test_answers_the_session_without_the_database(
        self, api: Api, owner: Person, license: License, django_assert_num_queries: Any
    ) -> None:
        seat = acquire(api, owner, license).data
        with django_assert_num_queries(0):
            answer = beat(api, owner, seat["session_id"])
        assert answer.status == 200
        assert set(answer.data) == SEAT_FIELDS
        moving = {"last_heartbeat_at", "expires_at"}
        assert {k: v for k, v in answer.data.items() if k not in moving} == {
            k: v for k, v in seat.items() if k not in moving
        }
        assert answer.data["expires_at"] >= seat["expires_at"]

    def test_needs_a_json_content_type_no_more_than_a_body(self, api: Api, owner: Person, license: License) -> None:
        session_id = acquire(api, owner, license).data["session_id"]
        url = api.url("heartbeat", session_id=session_id)
        for content_type in ("application/json", "", "text/plain"):
            answer = api.as_bearer(owner.token).send("PATCH", url, content_type=content_type)
            assert answer.status == 200, content_type

    def test_extends_the_lease(self, api: Api, owner: Person, license: License) -> None:
        seat = acquire(api, owner, license).data
        outlive(seat["session_id"])
        answer = beat(api, owner, seat["session_id"])
        assert answer.status == 200
        assert datetime.fromisoformat(answer.data["expires_at"]) > timezone.now() + timedelta(seconds=350)

    def test_keeps_the_seat_when_it_comes_late(self, api: Api, owner: Person, license: License) -> None:
        """The guide's session manager, after one failed beat, sends the next at t + 370 s."""
        session_id = acquire(api, owner, license).data["session_id"]
        outlive(session_id, by=timedelta(seconds=10))
        assert beat(api, owner, session_id).status == 200
        assert acquire(api, owner, license).data["session_id"] == session_id

    def test_survives_a_redis_that_forgot(self, api: Api, owner: Person, license: License) -> None:
        session_id = acquire(api, owner, license).data["session_id"]
        let_record_run_out(session_id)
        forget_leases(license)
        assert beat(api, owner, session_id).status == 200
        assert beat(api, owner, session_id).status == 200

    def test_is_told_of_a_release(self, api: Api, owner: Person, license: License) -> None:
        session_id = acquire(api, owner, license).data["session_id"]
        release(api, owner, session_id)
        answer = beat(api, owner, session_id)
        assert (answer.status, answer.code) == (404, "session_released")

    def test_is_told_of_an_administrators_release(self, api: Api, owner: Person, license: License) -> None:
        member = make_person(Role.MEMBER, organization=owner.organization)
        session_id = acquire(api, member, license).data["session_id"]
        release(api, owner, session_id)
        answer = beat(api, member, session_id)
        assert (answer.status, answer.code) == (404, "seat_revoked")

    def test_is_told_of_an_unknown_session(self, api: Api, owner: Person) -> None:
        answer = beat(api, owner, "00000000-0000-8000-8000-000000000000")
        assert (answer.status, answer.code) == (404, "session_not_found")

    def test_is_for_the_holder_alone(self, api: Api, owner: Person, outsider: Person, license: License) -> None:
        admin = make_person(Role.ADMIN, organization=owner.organization)
        session_id = acquire(api, owner, license).data["session_id"]
        for other in (outsider, admin):
            answer = beat(api, other, session_id)
            assert (answer.status, answer.code) == (404, "session_not_found")

    def test_refuses_strangers(self, api: Api, owner: Person, license: License) -> None:
        session_id = acquire(api, owner, license).data["session_id"]
        answer = api.patch("heartbeat", session_id=session_id)
        assert (answer.status, answer.code) == (401, "authentication_required")

    def test_ends_with_the_license(self, api: Api, owner: Person, license: License) -> None:
        session_id = acquire(api, owner, license).data["session_id"]
        License.objects.filter(pk=license.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
        outlive(session_id)
        answer = beat(api, owner, session_id)
        assert (answer.status, answer.code) == (404, "session_expired")

    def test_passes_exactly_twenty_times_a_minute(self, api: Api, owner: Person, license: License) -> None:
        session_id = acquire(api, owner, license).data["session_id"]
        answers = [beat(api, owner, session_id) for _ in range(22)]
        assert [answer.status for answer in answers] == [200] * 20 + [429] * 2
        assert answers[19].headers["X-RateLimit-Remaining"] == "0"
        assert 1 <= int(answers[20].headers["Retry-After"]) <= 60
        assert acquire(api, owner, license, "machine-2").status == 201

    @override_settings(RATE_LIMIT_FACTOR=0)
    def test_is_unlimited_where_limits_are_off(self, api: Api, owner: Person, license: License) -> None:
        session_id = acquire(api, owner, license).data["session_id"]
        assert {beat(api, owner, session_id).status for _ in range(25)} == {200}

    def test_is_not_extended_when_the_seats_were_reduced(self, api: Api, owner: Person, license: License) -> None:
        kept = acquire(api, owner, license, "machine-1").data
        surplus = acquire(api, owner, license, "machine-2").data
        change_seats(license_id=license.pk, seats=1)
        answer = beat(api, owner, surplus["session_id"])
        assert (answer.status, answer.data["revoking"]) == (200, True)
        promised = datetime.fromisoformat(surplus["expires_at"])
        assert promised <= datetime.fromisoformat(answer.data["expires_at"]) < promised + timedelta(seconds=0.5)
        assert beat(api, owner, surplus["session_id"]).data["expires_at"] == answer.data["expires_at"]
        assert beat(api, owner, kept["session_id"]).data["revoking"] is False

    def test_accepts_the_token_after_its_login_session_ended(self, api: Api, owner: Person, license: License) -> None:
        session_id = acquire(api, owner, license).data["session_id"]
        owner.membership.user.login_sessions.update(revoked_at=timezone.now())
        assert beat(api, owner, session_id).status == 200
        assert api.as_bearer(owner.token).get("licenses").code == "token_revoked"
