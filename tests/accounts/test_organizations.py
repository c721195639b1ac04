"""GET, POST orgs; GET, PATCH, DELETE orgs/{id}."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import Membership, Organization, Role
from coditect.errors import Conflict
from coditect.journal import services as journal
from coditect.journal.models import Event
from licenses.models import License
from tests.accounts.test_log_in import comparable
from tests.api.shapes import UTC_TIME, assert_problem
from tests.dialects import Answer, Api
from tests.factories import Person, make_membership, make_organization, make_person, make_user


def found(api: Api, person: Person, name: Any = "Second Inc") -> Answer:
    """Make another organization."""
    return api.as_bearer(person.token).post("organizations", {"name": name})


class TestFoundOrganization:
    def test_answers_the_new_organization(self, api: Api, owner: Person) -> None:
        answer = found(api, owner)
        organization = Organization.objects.get(name="Second Inc")
        assert answer.status == 201
        assert UTC_TIME.fullmatch(answer.data["created_at"])
        assert answer.data == {
            "id": str(organization.pk),
            "name": "Second Inc",
            "slug": organization.slug,
            "plan": "free",
            "status": "active",
            "role": "owner",
            "created_at": answer.data["created_at"],
        }

    def test_makes_the_caller_its_only_member(self, api: Api, owner: Person) -> None:
        id = found(api, owner).data["id"]
        assert list(Membership.objects.filter(organization=id).values_list("user", "role")) == [
            (owner.user_id, Role.OWNER)
        ]

    def test_comes_with_a_free_license(self, api: Api, owner: Person) -> None:
        id = found(api, owner).data["id"]
        license = License.objects.get(organization=id)
        assert (license.tier, license.max_seats) == ("free", 1)

    def test_leaves_the_first_organization_the_default(self, api: Api, owner: Person) -> None:
        found(api, owner)
        rows = api.as_bearer(owner.token).get("licenses").rows("licenses")
        assert {row["organization_id"] for row in rows} == {str(owner.organization.pk)}

    def test_is_open_to_a_user_without_any(self, api: Api, owner: Person) -> None:
        Membership.objects.all().delete()
        assert found(api, owner).status == 201

    def test_takes_nothing_but_the_name(self, api: Api, owner: Person) -> None:
        body = {"name": "Second", "plan": "enterprise", "slug": "acme", "id": str(uuid4()), "status": "deleted"}
        data = api.as_bearer(owner.token).post("organizations", body).data
        assert (data["plan"], data["status"]) == ("free", "active")
        assert data["slug"] != "acme"
        assert data["id"] != body["id"]

    @pytest.mark.parametrize("name", [None, 7, "", "   ", [], {}])
    def test_needs_a_name(self, api: Api, owner: Person, name: Any) -> None:
        code = "validation_failed" if api.dialect == "flat" else "invalid_request"
        assert_problem(found(api, owner, name), 400, code)

    def test_refuses_a_name_that_is_too_long(self, api: Api, owner: Person) -> None:
        assert found(api, owner, "x" * 151).status == (400 if api.dialect == "flat" else 422)

    def test_needs_a_log_in(self, api: Api) -> None:
        assert_problem(api.post("organizations", {"name": "x"}), 401, "authentication_required")

    def test_is_recorded(self, api: Api, owner: Person) -> None:
        id = found(api, owner).data["id"]
        event = Event.objects.get(type="organization.created", subject_id=id)
        assert (str(event.organization_id), event.actor_id) == (id, owner.user_id)


class TestListOrganizations:
    def names(self, api: Api, person: Person, **query: str) -> list[str]:
        rows = api.as_bearer(person.token).get("organizations", query).rows("organizations")
        return [row["name"] for row in rows]

    def test_shows_ones_own_with_ones_role(self, api: Api, owner: Person, outsider: Person) -> None:
        second = make_organization("Second")
        make_membership("viewer", organization=second, user=owner.membership.user)
        make_membership("owner", organization=second)
        rows = api.as_bearer(owner.token).get("organizations").rows("organizations")
        assert {(row["name"], row["role"]) for row in rows} == {("Acme Inc", "owner"), ("Second", "viewer")}

    def test_shows_nothing_of_others(self, api: Api, owner: Person, outsider: Person) -> None:
        rows = api.as_bearer(outsider.token).get("organizations").rows("organizations")
        assert [row["id"] for row in rows] == [str(outsider.organization.pk)]

    def test_leaves_out_deleted_ones(self, api: Api, owner: Person) -> None:
        Organization.objects.update(status=Organization.Status.DELETED)
        assert self.names(api, owner) == []
        assert self.names(api, owner, status="deleted") == []

    def test_filters_by_status(self, api: Api, owner: Person) -> None:
        assert self.names(api, owner, status="active") == ["Acme Inc"]

    def test_filters_by_age(self, api: Api, owner: Person) -> None:
        found(api, owner)
        Organization.objects.filter(name="Acme Inc").update(created_at=timezone.now() - timedelta(days=3))
        yesterday = f"{timezone.now() - timedelta(days=1):%Y-%m-%d}"
        assert self.names(api, owner, created_after=yesterday) == ["Second Inc"]
        assert self.names(api, owner, created_before=yesterday) == ["Acme Inc"]

    def test_sorts(self, api: Api, owner: Person) -> None:
        found(api, owner)
        assert self.names(api, owner) == ["Second Inc", "Acme Inc"]
        assert self.names(api, owner, sort="name") == ["Acme Inc", "Second Inc"]
        assert self.names(api, owner, sort="-name") == ["Second Inc", "Acme Inc"]
        assert self.names(api, owner, sort="created_at") == ["Acme Inc", "Second Inc"]

    def test_pages(self, api: Api, owner: Person) -> None:
        found(api, owner)
        first = api.as_bearer(owner.token).get("organizations", {"limit": 1, "sort": "name"})
        assert [row["name"] for row in first.rows("organizations")] == ["Acme Inc"]
        if api.dialect == "flat":
            assert first.json["count"] == 2
        else:
            query = {"limit": 1, "sort": "name", "cursor": first.json["pagination"]["next_cursor"]}
            assert self.names(api, owner, **{name: str(value) for name, value in query.items()}) == ["Second Inc"]

    @pytest.mark.parametrize(
        "query",
        [
            {"status": "gone"},
            {"sort": "plan"},
            {"sort": "memberships__user__password"},
            {"created_after": "soon"},
            {"role": "owner"},
        ],
        ids=str,
    )
    def test_refuses_what_it_does_not_know(self, api: Api, owner: Person, query: dict[str, str]) -> None:
        answer = api.as_bearer(owner.token).get("organizations", query)
        assert answer.status == 400


class TestShowOrganization:
    @pytest.mark.parametrize("role", Role.values)
    def test_is_for_every_member(self, api: Api, owner: Person, role: str) -> None:
        person = make_person(role, organization=owner.organization)
        answer = api.as_bearer(person.token).get("organization", organization_id=owner.organization.pk)
        assert (answer.status, answer.data["role"], answer.data["name"]) == (200, role, "Acme Inc")

    def test_takes_the_one_in_the_path_whatever_the_header_says(self, api: Api, owner: Person) -> None:
        id = found(api, owner).data["id"]
        client = api.as_bearer(owner.token).with_headers(x_organization_id=str(owner.organization.pk))
        assert client.get("organization", organization_id=id).data["id"] == id

    def test_hides_a_foreign_one_as_if_it_did_not_exist(self, api: Api, owner: Person, outsider: Person) -> None:
        client = api.as_bearer(outsider.token)
        foreign, unknown = (client.get("organization", organization_id=id) for id in (owner.organization.pk, uuid4()))
        assert_problem(foreign, 404, "organization_not_found")
        assert comparable(foreign)[:2] == comparable(unknown)[:2]


class TestRenameOrganization:
    def rename(self, api: Api, person: Person, body: Any, id: Any = None) -> Answer:
        client = api.as_bearer(person.token)
        return client.patch("organization", body, organization_id=id or person.organization.pk)

    @pytest.mark.parametrize("role", ["owner", "admin"])
    def test_is_for_administrators(self, api: Api, owner: Person, role: str) -> None:
        person = make_person(role, organization=owner.organization)
        answer = self.rename(api, person, {"name": "Ajax"})
        assert (answer.status, answer.data["name"], answer.data["role"]) == (200, "Ajax", role)
        assert Organization.objects.get(pk=owner.organization.pk).name == "Ajax"

    @pytest.mark.parametrize("role", ["member", "viewer"])
    @pytest.mark.parametrize("body", [{"name": "Ajax"}, {"name": 7}, {}], ids=str)
    def test_is_refused_to_others_whatever_they_send(self, api: Api, owner: Person, role: str, body: Any) -> None:
        person = make_person(role, organization=owner.organization)
        assert_problem(self.rename(api, person, body), 403, "permission_denied")
        assert Organization.objects.get(pk=owner.organization.pk).name == "Acme Inc"

    def test_is_hidden_from_outsiders(self, api: Api, owner: Person, outsider: Person) -> None:
        answer = self.rename(api, outsider, {"name": "Mine"}, owner.organization.pk)
        assert_problem(answer, 404, "organization_not_found")

    def test_changes_nothing_else(self, api: Api, owner: Person) -> None:
        before = Organization.objects.values().get(pk=owner.organization.pk)
        body = {"id": str(uuid4()), "slug": "x", "plan": "team", "status": "deleted", "created_at": "2020-01-01"}
        assert self.rename(api, owner, body).status == 200
        assert Organization.objects.values().get(pk=owner.organization.pk) == before

    def test_takes_no_body_for_no_change(self, api: Api, owner: Person) -> None:
        assert self.rename(api, owner, None).data["name"] == "Acme Inc"
        assert not Event.objects.filter(type="organization.updated").exists()

    def test_is_recorded(self, api: Api, owner: Person) -> None:
        self.rename(api, owner, {"name": "Ajax"})
        event = Event.objects.get(type="organization.updated")
        assert (event.subject_id, event.data) == (owner.organization.pk, {"name": "Ajax", "old_name": "Acme Inc"})


class TestDeleteOrganization:
    def delete(self, api: Api, person: Person, id: Any = None) -> Answer:
        return api.as_bearer(person.token).delete("organization", organization_id=id or person.organization.pk)

    def test_says_so_as_the_dialect_does(self, api: Api, owner: Person) -> None:
        answer = self.delete(api, owner)
        if api.dialect == "flat":
            assert (answer.status, answer.json) == (200, {"message": "Organization deleted."})
        else:
            assert (answer.status, answer.content) == (204, b"")

    def test_is_soft(self, api: Api, owner: Person) -> None:
        self.delete(api, owner)
        assert Organization.objects.get(pk=owner.organization.pk).status == "deleted"

    def test_hides_it_from_its_members_at_once(self, api: Api, owner: Person) -> None:
        member = make_person("member", organization=owner.organization)
        self.delete(api, owner)
        for person in (owner, member):
            client = api.as_bearer(person.token)
            shown = client.get("organization", organization_id=owner.organization.pk)
            assert_problem(shown, 404, "organization_not_found")
            assert_problem(client.get("licenses"), 404, "organization_not_found")

    def test_is_the_end(self, api: Api, owner: Person) -> None:
        self.delete(api, owner)
        assert_problem(self.delete(api, owner), 404, "organization_not_found")

    @pytest.mark.parametrize("role", ["admin", "member", "viewer"])
    def test_is_for_owners_only(self, api: Api, owner: Person, role: str) -> None:
        person = make_person(role, organization=owner.organization)
        assert_problem(self.delete(api, person), 403, "permission_denied")
        assert Organization.objects.get(pk=owner.organization.pk).status == "active"

    def test_is_hidden_from_outsiders(self, api: Api, owner: Person, outsider: Person) -> None:
        assert_problem(self.delete(api, outsider, owner.organization.pk), 404, "organization_not_found")

    def test_may_be_vetoed(self, api: Api, owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(event: Event) -> None:
            raise Conflict("There is a live subscription.")

        monkeypatch.setitem(journal._receivers, "organization.deleting", [refuse])
        assert_problem(self.delete(api, owner), 409, "conflict")
        assert Organization.objects.get(pk=owner.organization.pk).status == "active"
        assert not Event.objects.filter(type__startswith="organization.delet").exists()

    def test_is_recorded(self, api: Api, owner: Person) -> None:
        self.delete(api, owner)
        events = Event.objects.filter(type__startswith="organization.delet").order_by("at", "type")
        assert {event.type for event in events} == {"organization.deleting", "organization.deleted"}
        assert {event.actor_id for event in events} == {owner.user_id}

    def test_leaves_the_users_their_other_organizations(self, api: Api, owner: Person) -> None:
        make_user()
        id = found(api, owner).data["id"]
        self.delete(api, owner)
        rows = api.as_bearer(owner.token).get("organizations").rows("organizations")
        assert [row["id"] for row in rows] == [id]
