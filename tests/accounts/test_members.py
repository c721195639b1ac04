"""GET orgs/{id}/members; PATCH, DELETE orgs/{id}/members/{id}; leave and transfer-ownership."""

from typing import Any
from uuid import uuid4

import pytest

from accounts.models import Invitation, LoginSession, Membership, Role, User
from coditect.journal.models import Event
from tests.accounts.test_log_in import comparable
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import Person, make_membership, make_organization, make_person

ROLES = Role.values
ORGANIZATION_ROUTES = ["members", "invitations", "leave-organization", "transfer-ownership"]


def place(owner: Person, role: str) -> Person:
    """Another member of the owner's organization."""
    return make_person(role, organization=owner.organization)


def role_of(person: Person) -> str | None:
    """The role as stored; None for no member any more."""
    return Membership.objects.filter(pk=person.membership.pk).values_list("role", flat=True).first()


def change(api: Api, by: Person, target: Person, role: Any) -> Answer:
    """Give a member a role."""
    path = {"organization_id": target.organization.pk, "member_id": target.membership.pk}
    return api.as_bearer(by.token).patch("member", {"role": role}, **path)


def remove(api: Api, by: Person, target: Person) -> Answer:
    """Put a member out."""
    path = {"organization_id": target.organization.pk, "member_id": target.membership.pk}
    return api.as_bearer(by.token).delete("member", **path)


def leave(api: Api, person: Person) -> Answer:
    """Go."""
    return api.as_bearer(person.token).post("leave-organization", organization_id=person.organization.pk)


def transfer(api: Api, by: Person, target: Person) -> Answer:
    """Hand the caller's organization over."""
    body = {"member_id": str(target.membership.pk)}
    return api.as_bearer(by.token).post("transfer-ownership", body, organization_id=by.organization.pk)


def assert_done(answer: Answer, message: str) -> None:
    """Nothing to say, as the dialect says it."""
    if answer.dialect == "flat":
        assert (answer.status, answer.json) == (200, {"message": message})
    else:
        assert (answer.status, answer.content) == (204, b"")


class TestListMembers:
    def rows(self, api: Api, person: Person, **query: str) -> list[dict[str, Any]]:
        answer = api.as_bearer(person.token).get("members", query, organization_id=person.organization.pk)
        return answer.rows("members")

    @pytest.mark.parametrize("role", ROLES)
    def test_shows_everybody_to_every_member(self, api: Api, owner: Person, outsider: Person, role: str) -> None:
        person = place(owner, role)
        assert {row["user_id"] for row in self.rows(api, person)} == {str(owner.user_id), str(person.user_id)}

    def test_shows_who_they_are(self, api: Api, owner: Person) -> None:
        (row,) = self.rows(api, owner)
        assert row == {
            "id": str(owner.membership.pk),
            "organization_id": str(owner.organization.pk),
            "user_id": str(owner.user_id),
            "email": owner.membership.user.email,
            "full_name": "Test User",
            "role": "owner",
            "created_at": row["created_at"],
        }

    def test_filters_and_sorts(self, api: Api, owner: Person) -> None:
        for role in ("viewer", "admin"):
            place(owner, role)
        assert [row["role"] for row in self.rows(api, owner, sort="role")] == ["admin", "owner", "viewer"]
        assert [row["role"] for row in self.rows(api, owner, role="viewer")] == ["viewer"]
        assert [row["role"] for row in self.rows(api, owner, sort="created_at")] == ["owner", "viewer", "admin"]

    def test_asks_the_database_no_more_for_more_members(
        self, api: Api, owner: Person, django_assert_max_num_queries: Any
    ) -> None:
        for _ in range(5):
            place(owner, "member")
        with django_assert_max_num_queries(5):
            self.rows(api, owner)

    @pytest.mark.parametrize("query", [{"role": "king"}, {"sort": "user__password"}, {"email": "a"}], ids=str)
    def test_refuses_what_it_does_not_know(self, api: Api, owner: Person, query: dict[str, str]) -> None:
        client = api.as_bearer(owner.token)
        assert client.get("members", query, organization_id=owner.organization.pk).status == 400


class TestOrganizationOfOthers:
    @pytest.mark.parametrize("name", ORGANIZATION_ROUTES)
    def test_is_the_same_404_as_an_unknown_one(self, api: Api, owner: Person, outsider: Person, name: str) -> None:
        client = api.as_bearer(outsider.token)
        send = client.get if name in {"members", "invitations"} else client.post
        foreign, unknown = (send(name, organization_id=id) for id in (owner.organization.pk, uuid4()))
        assert_problem(foreign, 404, "organization_not_found")
        assert comparable(foreign)[:2] == comparable(unknown)[:2]

    @pytest.mark.parametrize("method", ["PATCH", "DELETE"])
    def test_hides_its_members_also_from_members_of_another(
        self, api: Api, owner: Person, outsider: Person, method: str
    ) -> None:
        client, target = api.as_bearer(outsider.token), owner.membership.pk
        body = {"role": "viewer"} if method == "PATCH" else None

        def answer(organization: Any, member: Any) -> Answer:
            return client.send(method, api.url("member", organization_id=organization, member_id=member), body=body)

        assert_problem(answer(owner.organization.pk, target), 404, "organization_not_found")
        foreign = answer(outsider.organization.pk, target)
        assert_problem(foreign, 404, "member_not_found")
        assert comparable(foreign)[:2] == comparable(answer(outsider.organization.pk, uuid4()))[:2]
        assert role_of(owner) == "owner"


class TestChangeRole:
    @pytest.mark.parametrize("new", ROLES)
    @pytest.mark.parametrize("old", ROLES)
    @pytest.mark.parametrize("by", ROLES)
    def test_follows_the_matrix(self, owner: Person, by: str, old: str, new: str) -> None:
        actor, target = place(owner, by), place(owner, old)
        allowed = by == "owner" or (by == "admin" and "owner" not in {old, new})
        answer = change(Api("flat"), actor, target, new)
        if allowed:
            assert (answer.status, answer.data["role"], role_of(target)) == (200, new, new)
        else:
            assert_problem(answer, 403, "permission_denied")
            assert role_of(target) == old

    def test_answers_the_member(self, api: Api, owner: Person) -> None:
        target = place(owner, "member")
        answer = change(api, owner, target, "admin")
        assert (answer.data["id"], answer.data["email"]) == (str(target.membership.pk), target.membership.user.email)

    def test_counts_at_once(self, api: Api, owner: Person) -> None:
        target = place(owner, "admin")
        change(api, owner, target, "member")
        assert_problem(change(api, target, place(owner, "member"), "viewer"), 403, "permission_denied")

    @pytest.mark.parametrize("role", ["king", "", None, 7, ["owner"], "OWNER"], ids=str)
    def test_takes_only_roles(self, api: Api, owner: Person, role: Any) -> None:
        target = place(owner, "member")
        assert change(api, owner, target, role).status in {400, 422}
        assert role_of(target) == "member"

    def test_cannot_demote_the_last_owner(self, api: Api, owner: Person) -> None:
        assert_problem(change(api, owner, owner, "admin"), 409, "last_owner")
        assert role_of(owner) == "owner"

    def test_lets_an_owner_go_down_beside_another(self, api: Api, owner: Person) -> None:
        place(owner, "owner")
        assert change(api, owner, owner, "member").status == 200

    def test_does_not_count_an_owner_who_cannot_log_in(self, api: Api, owner: Person) -> None:
        other = place(owner, "owner")
        User.objects.filter(pk=other.user_id).update(is_active=False)
        assert_problem(change(api, owner, owner, "admin"), 409, "last_owner")

    def test_ignores_what_else_is_sent(self, api: Api, owner: Person, outsider: Person) -> None:
        target = place(owner, "member")
        before = Membership.objects.values().get(pk=target.membership.pk)
        body = {"role": "admin", "user_id": str(outsider.user_id), "organization_id": str(outsider.organization.pk)}
        path = {"organization_id": owner.organization.pk, "member_id": target.membership.pk}
        assert api.as_bearer(owner.token).patch("member", body, **path).status == 200
        assert Membership.objects.values().get(pk=target.membership.pk) == before | {"role": "admin"}

    def test_is_recorded(self, api: Api, owner: Person) -> None:
        target = place(owner, "admin")
        change(api, owner, target, "member")
        event = Event.objects.get(type="member.role_changed")
        assert (event.subject_id, event.actor_id) == (target.membership.pk, owner.user_id)
        assert event.data == {
            "member_id": str(target.membership.pk),
            "user_id": str(target.user_id),
            "organization_id": str(owner.organization.pk),
            "old_role": "admin",
            "new_role": "member",
        }
        assert not Event.objects.filter(type="member.demoted").exists()

    def test_to_viewer_is_a_demotion(self, api: Api, owner: Person) -> None:
        target = place(owner, "member")
        change(api, owner, target, "viewer")
        event = Event.objects.get(type="member.demoted")
        assert (event.data["user_id"], event.data["new_role"]) == (str(target.user_id), "viewer")

    def test_to_the_same_role_is_nothing(self, api: Api, owner: Person) -> None:
        assert change(api, owner, owner, "owner").status == 200
        assert not Event.objects.filter(type__startswith="member.").exists()


class TestRemoveMember:
    @pytest.mark.parametrize("target_role", ROLES)
    @pytest.mark.parametrize("by", ROLES)
    def test_follows_the_matrix(self, owner: Person, by: str, target_role: str) -> None:
        actor, target = place(owner, by), place(owner, target_role)
        answer = remove(Api("flat"), actor, target)
        if by == "owner" or (by == "admin" and target_role != "owner"):
            assert (answer.status, role_of(target)) == (200, None)
        else:
            assert_problem(answer, 403, "permission_denied")
            assert role_of(target) == target_role

    def test_says_so_as_the_dialect_does(self, api: Api, owner: Person) -> None:
        assert_done(remove(api, owner, place(owner, "member")), "Member removed.")

    def test_ends_their_log_ins(self, api: Api, owner: Person) -> None:
        target = place(owner, "member")
        remove(api, owner, target)
        assert_problem(api.as_bearer(target.token).get("organizations"), 401, "token_revoked")
        assert not LoginSession.objects.filter(user=target.user_id, revoked_at=None).exists()
        assert api.as_bearer(owner.token).get("organizations").status == 200

    def test_cannot_be_done_twice(self, api: Api, owner: Person) -> None:
        target = place(owner, "member")
        remove(api, owner, target)
        assert_problem(remove(api, owner, target), 404, "member_not_found")

    def test_spares_the_last_owner(self, api: Api, owner: Person) -> None:
        assert_problem(remove(api, owner, owner), 409, "last_owner")
        assert api.as_bearer(owner.token).get("organizations").status == 200

    def test_voids_what_they_offered(self, api: Api, owner: Person) -> None:
        target = place(owner, "admin")
        User.objects.update(email_verified_at=target.membership.created_at)
        for person, email in ((target, "back-door@example.com"), (owner, "friend@example.com")):
            api.as_bearer(person.token).post("invitations", {"email": email}, organization_id=owner.organization.pk)
        remove(api, owner, target)
        open_ones = Invitation.objects.unanswered().values_list("email", flat=True)
        assert list(open_ones) == ["friend@example.com"]

    def test_is_recorded(self, api: Api, owner: Person) -> None:
        target = place(owner, "member")
        remove(api, owner, target)
        event = Event.objects.get(type="member.removed")
        assert (event.subject_id, event.actor_id) == (target.membership.pk, owner.user_id)
        assert event.organization_id == owner.organization.pk
        assert (event.data["user_id"], event.data["role"]) == (str(target.user_id), "member")


class TestLeave:
    @pytest.mark.parametrize("role", ["admin", "member", "viewer"])
    def test_is_open_to_everybody(self, api: Api, owner: Person, role: str) -> None:
        person = place(owner, role)
        assert_done(leave(api, person), "You have left the organization.")
        assert role_of(person) is None

    def test_is_not_open_to_the_last_owner(self, api: Api, owner: Person) -> None:
        place(owner, "admin")
        assert_problem(leave(api, owner), 409, "last_owner")
        assert role_of(owner) == "owner"

    def test_is_open_to_an_owner_beside_another(self, api: Api, owner: Person) -> None:
        place(owner, "owner")
        leave(api, owner)
        assert role_of(owner) is None

    def test_keeps_the_log_in_and_other_organizations(self, api: Api, owner: Person) -> None:
        person = place(owner, "member")
        second = make_membership("viewer", organization=make_organization("Second"), user=person.membership.user)
        leave(api, person)
        rows = api.as_bearer(person.token).get("organizations").rows("organizations")
        assert [row["id"] for row in rows] == [str(second.organization_id)]

    def test_hides_the_organization(self, api: Api, owner: Person) -> None:
        person = place(owner, "member")
        leave(api, person)
        assert_problem(leave(api, person), 404, "organization_not_found")

    def test_is_recorded(self, api: Api, owner: Person) -> None:
        person = place(owner, "member")
        leave(api, person)
        assert Event.objects.get(type="member.removed").actor_id == person.user_id


class TestTransferOwnership:
    @pytest.mark.parametrize("role", ROLES)
    def test_makes_the_other_owner_and_the_caller_admin(self, api: Api, owner: Person, role: str) -> None:
        successor = place(owner, role)
        answer = transfer(api, owner, successor)
        assert (answer.status, answer.data["id"], answer.data["role"]) == (200, str(owner.organization.pk), "admin")
        assert (role_of(successor), role_of(owner)) == ("owner", "admin")

    @pytest.mark.parametrize("role", ["admin", "member", "viewer"])
    def test_is_for_owners_only(self, api: Api, owner: Person, role: str) -> None:
        person = place(owner, role)
        assert_problem(transfer(api, person, person), 403, "permission_denied")
        assert role_of(person) == role

    def test_goes_to_members_only(self, api: Api, owner: Person, outsider: Person) -> None:
        assert_problem(transfer(api, owner, outsider), 404, "member_not_found")
        assert (role_of(owner), role_of(outsider)) == ("owner", "owner")

    def test_goes_to_another(self, api: Api, owner: Person) -> None:
        answer = transfer(api, owner, owner)
        assert (answer.status, set(answer.errors)) == (400 if api.dialect == "flat" else 422, {"member_id"})
        assert role_of(owner) == "owner"

    def test_does_not_go_to_somebody_who_cannot_log_in(self, api: Api, owner: Person) -> None:
        other = place(owner, "admin")
        User.objects.filter(pk=other.user_id).update(is_active=False)
        assert transfer(api, owner, other).status in {400, 422}
        assert role_of(owner) == "owner"

    @pytest.mark.parametrize("body", [None, {}, {"member_id": "x"}, {"member_id": None}], ids=str)
    def test_needs_a_member(self, api: Api, owner: Person, body: Any) -> None:
        client = api.as_bearer(owner.token)
        assert client.post("transfer-ownership", body, organization_id=owner.organization.pk).status == 400

    def test_is_recorded_for_both(self, api: Api, owner: Person) -> None:
        successor = place(owner, "member")
        transfer(api, owner, successor)
        changes = Event.objects.filter(type="member.role_changed").values_list("subject_id", "data__new_role")
        assert set(changes) == {(successor.membership.pk, "owner"), (owner.membership.pk, "admin")}
