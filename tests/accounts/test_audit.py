"""GET audit."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import Membership, Role
from accounts.services.members import change_role
from coditect.journal.models import Event
from coditect.journal.services import record_event
from licenses.models import License
from tests.api.shapes import UTC_TIME, assert_problem
from tests.dialects import Answer, Api
from tests.factories import PASSWORD, Person, make_api_token, make_membership, make_person, make_user


def read(api: Api, person: Person, **query: Any) -> Answer:
    """Read the audit."""
    return api.as_bearer(person.token).get("audit", query)


def entries(api: Api, person: Person, **query: Any) -> list[dict[str, Any]]:
    """Its rows."""
    return read(api, person, **query).rows("entries")


def types(api: Api, person: Person, **query: Any) -> list[str]:
    """What happened, the newest first."""
    return [entry["type"] for entry in entries(api, person, **query)]


@pytest.fixture
def demoted(owner: Person) -> Membership:
    """A member whom the owner made a viewer."""
    member = make_membership(Role.MEMBER, organization=owner.organization)
    return change_role(by=owner.membership, member_id=member.pk, role=Role.VIEWER, now=timezone.now())


class TestReadAudit:
    def test_tells_who_did_what_to_whom_from_where(self, api: Api, owner: Person) -> None:
        member = make_membership(Role.MEMBER, organization=owner.organization)
        path = {"organization_id": owner.organization.pk, "member_id": member.pk}
        change = api.as_bearer(owner.token).patch("member", {"role": "admin"}, **path)
        (entry,) = entries(api, owner, type="member.role_changed")
        assert UTC_TIME.fullmatch(entry["at"])
        assert entry == {
            "id": entry["id"],
            "type": "member.role_changed",
            "actor": {
                "id": str(owner.user_id),
                "email": owner.membership.user.email,
                "api_token_id": None,
            },
            "subject": {"type": "membership", "id": str(member.pk)},
            "ip": "127.0.0.1",
            "request_id": change.headers["X-Request-ID"],
            "data": {
                "member_id": str(member.pk),
                "user_id": str(member.user_id),
                "organization_id": str(owner.organization.pk),
                "old_role": "member",
                "new_role": "admin",
            },
            "at": entry["at"],
        }

    def test_names_the_api_token_that_was_used(self, api: Api, owner: Person, license: License) -> None:
        text = make_api_token(owner, "manage:licenses")
        token = owner.membership.user.api_tokens.get()
        body = {"license_key": license.key_string, "hardware_id": "machine"}
        assert api.as_bearer(text).post("acquire", body).status == 201
        (entry,) = entries(api, owner, type="license.seat.acquired")
        assert entry["actor"]["api_token_id"] == str(token.pk)
        assert text not in str(entry)

    def test_names_nobody_for_what_happened_by_itself(self, api: Api, owner: Person) -> None:
        (entry,) = entries(api, owner, type="organization.created")
        assert entry["actor"] == {"id": None, "email": None, "api_token_id": None}
        assert (entry["ip"], entry["request_id"]) == (None, None)

    def test_hides_the_addresses_of_the_staff(self, api: Api, owner: Person) -> None:
        clerk = make_user(is_staff=True)
        Event.objects.create(
            type="test.done",
            at=timezone.now(),
            organization_id=owner.organization.pk,
            subject_type="organization",
            subject_id=owner.organization.pk,
            actor_id=clerk.pk,
        )
        (entry,) = entries(api, owner, type="test.done")
        assert entry["actor"] == {"id": str(clerk.pk), "email": None, "api_token_id": None}
        make_membership(Role.MEMBER, organization=owner.organization, user=clerk)
        assert entries(api, owner, type="test.done")[0]["actor"]["email"] == clerk.email

    def test_begins_with_the_newest(self, api: Api, owner: Person, license: License) -> None:
        times = [entry["at"] for entry in entries(api, owner)]
        assert len(times) > 2
        assert times == sorted(times, reverse=True)
        assert [entry["at"] for entry in entries(api, owner, sort="created_at")] == sorted(times)

    def test_is_for_administrators(self, api: Api, owner: Person) -> None:
        for role, status in ((Role.ADMIN, 200), (Role.MEMBER, 403), (Role.VIEWER, 403)):
            assert read(api, make_person(role, organization=owner.organization)).status == status

    def test_takes_an_api_token_with_the_scope(self, api: Api, owner: Person) -> None:
        assert api.as_bearer(make_api_token(owner, "admin:org")).get("audit").status == 200
        assert_problem(api.as_bearer(make_api_token(owner, "read:org")).get("audit"), 403, "insufficient_scope")


class TestWhoseEntries:
    def test_are_the_own_organizations(self, api: Api, owner: Person, outsider: Person, demoted: Membership) -> None:
        assert "member.role_changed" in types(api, owner)
        assert "member.role_changed" not in types(api, outsider)
        assert entries(api, outsider, subject_id=demoted.pk) == []
        foreign = api.with_headers(x_organization_id=str(owner.organization.pk))
        assert_problem(foreign.as_bearer(outsider.token).get("audit"), 404, "organization_not_found")

    def test_are_also_the_members_log_ins(self, api: Api, owner: Person, outsider: Person) -> None:
        user = make_membership(Role.MEMBER, organization=owner.organization).user
        assert api.post("log-in", {"email": user.email, "password": PASSWORD}).status == 200
        (entry,) = entries(api, owner, type="user.logged_in")
        assert entry["subject"] == {"type": "user", "id": str(user.pk)}
        assert types(api, outsider, type="user.logged_in") == []

    def test_are_not_what_a_member_did_before_they_joined(self, api: Api, owner: Person, outsider: Person) -> None:
        user = outsider.membership.user
        api.post("log-in", {"email": user.email, "password": PASSWORD})
        make_membership(Role.MEMBER, organization=owner.organization, user=user)
        assert types(api, owner, type="user.logged_in") == []
        assert types(api, outsider, type="user.logged_in") == ["user.logged_in"]

    def test_are_not_those_of_former_members(self, api: Api, owner: Person) -> None:
        member = make_membership(Role.MEMBER, organization=owner.organization)
        api.post("log-in", {"email": member.user.email, "password": PASSWORD})
        member.delete()
        assert types(api, owner, type="user.logged_in") == []


class TestFilterAudit:
    def test_by_who_and_what(self, api: Api, owner: Person, demoted: Membership) -> None:
        admin = make_person(Role.ADMIN, organization=owner.organization)
        api.as_bearer(admin.token).patch("organization", {"name": "Renamed"}, organization_id=owner.organization.pk)
        assert types(api, owner, actor_id=admin.user_id) == ["organization.updated"]
        assert set(types(api, owner, subject_id=demoted.pk)) == {"member.role_changed", "member.demoted"}
        assert types(api, owner, actor_id=uuid4()) == types(api, owner, type="no.such") == []

    def test_by_request(self, api: Api, owner: Person) -> None:
        path = {"organization_id": owner.organization.pk}
        answer = api.as_bearer(owner.token).patch("organization", {"name": "Renamed"}, **path)
        assert types(api, owner, request_id=answer.headers["X-Request-ID"]) == ["organization.updated"]

    def test_by_time(self, api: Api, owner: Person) -> None:
        long_ago = timezone.now() - timedelta(days=9)
        record_event("test.old", owner.organization, at=long_ago, organization_id=owner.organization.pk)
        between = (long_ago + timedelta(days=1)).isoformat()
        assert types(api, owner, created_before=between) == ["test.old"]
        assert "test.old" not in types(api, owner, created_after=between)

    @pytest.mark.parametrize(
        ("name", "value"),
        [("actor_id", "me"), ("subject_id", "1"), ("request_id", "req_x"), ("created_after", "soon"), ("ip", "::1")],
    )
    def test_refuses_what_it_cannot_honour(self, api: Api, owner: Person, name: str, value: str) -> None:
        assert read(api, owner, **{name: value}).status == 400

    def test_pages_like_every_list(self, api: Api, owner: Person) -> None:
        for number in range(3):
            record_event(
                "test.page",
                owner.organization,
                at=timezone.now(),
                organization_id=owner.organization.pk,
                data={"n": number},
            )
        answer = read(api, owner, type="test.page", limit=2)
        further = {"cursor": answer.json["pagination"]["next_cursor"]} if api.dialect == "enveloped" else {"offset": 2}
        rows = answer.rows("entries") + entries(api, owner, type="test.page", limit=2, **further)
        assert [row["data"]["n"] for row in rows] == [2, 1, 0]
