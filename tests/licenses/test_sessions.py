"""GET licenses/sessions and GET licenses/sessions/{id}."""

import pytest

from accounts.models import Role
from licenses.models import License
from tests.dialects import Api
from tests.factories import Person, make_person
from tests.licenses.seats import acquire, release

SESSION_FIELDS = {
    "session_id",
    "license_id",
    "user_id",
    "user_email",
    "hardware_id",
    "ip_address",
    "client_version",
    "metadata",
    "status",
    "is_active",
    "revoking",
    "started_at",
    "last_heartbeat_at",
    "expires_at",
    "ended_at",
}


class TestListSessions:
    def test_shows_members_their_own_and_administrators_all(
        self, api: Api, owner: Person, outsider: Person, license: License
    ) -> None:
        member = make_person(Role.MEMBER, organization=owner.organization)
        acquire(api, owner, license, "owners")
        acquire(api, member, license, "members")
        seen = {
            person.token: [row["hardware_id"] for row in api.as_bearer(person.token).get("sessions").rows("sessions")]
            for person in (owner, member, outsider)
        }
        assert seen == {owner.token: ["members", "owners"], member.token: ["members"], outsider.token: []}

    @pytest.mark.parametrize(
        ("query", "machines"),
        [
            ({"status": "active"}, ["two"]),
            ({"status": "released"}, ["one"]),
            ({"status": "expired"}, []),
            ({"hardware_id": "one"}, ["one"]),
            ({"sort": "started_at"}, ["one", "two"]),
        ],
    )
    def test_filters_and_sorts(
        self, api: Api, owner: Person, license: License, query: dict[str, str], machines: list[str]
    ) -> None:
        release(api, owner, acquire(api, owner, license, "one").data["session_id"])
        acquire(api, owner, license, "two")
        rows = api.as_bearer(owner.token).get("sessions", query).rows("sessions")
        assert [row["hardware_id"] for row in rows] == machines

    def test_filters_by_license(self, api: Api, owner: Person, license: License) -> None:
        acquire(api, owner, license)
        caller = api.as_bearer(owner.token)
        assert len(caller.get("sessions", {"license_id": str(license.pk)}).rows("sessions")) == 1
        other = "00000000-0000-4000-8000-000000000000"
        assert caller.get("sessions", {"license_id": other}).rows("sessions") == []

    @pytest.mark.parametrize("query", [{"status": "dead"}, {"license_id": "x"}, {"sort": "user__password"}])
    def test_refuses_bad_parameters(self, api: Api, owner: Person, query: dict[str, str]) -> None:
        assert api.as_bearer(owner.token).get("sessions", query).status == 400


class TestShowSession:
    def test_finds_the_session_again_after_a_crash(self, api: Api, owner: Person, license: License) -> None:
        seat = acquire(api, owner, license).data
        shown = api.as_bearer(owner.token).get("session", session_id=seat["session_id"]).data
        assert set(shown) == SESSION_FIELDS
        assert (shown["status"], shown["is_active"], shown["ended_at"]) == ("active", True, None)
        assert (shown["expires_at"], shown["hardware_id"]) == (seat["expires_at"], "machine-1")

    def test_shows_how_it_ended(self, api: Api, owner: Person, license: License) -> None:
        session_id = acquire(api, owner, license).data["session_id"]
        release(api, owner, session_id)
        shown = api.as_bearer(owner.token).get("session", session_id=session_id).data
        assert (shown["status"], shown["is_active"]) == ("released", False)
        assert shown["ended_at"]

    def test_hides_others(self, api: Api, owner: Person, outsider: Person, license: License) -> None:
        member = make_person(Role.MEMBER, organization=owner.organization)
        session_id = acquire(api, owner, license).data["session_id"]
        for other in (member, outsider):
            answer = api.as_bearer(other.token).get("session", session_id=session_id)
            assert (answer.status, answer.code) == (404, "session_not_found")
