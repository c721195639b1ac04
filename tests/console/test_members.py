"""An administrator changes who is in an organization, who may log in, and which organizations there are."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, Organization, User
from coditect.errors import Conflict
from coditect.journal import services as journal
from coditect.journal.models import Event
from licenses.models import License, SeatSession
from tests.api.shapes import assert_problem
from tests.console.conftest import signed_in
from tests.console.test_permissions import INLINE
from tests.dialects import Api
from tests.factories import PASSWORD, Person, make_person, make_user


def url(name: str, *args: object) -> str:
    """A page of the console."""
    return reverse(f"admin:accounts_{name}", args=args)


def change(client: Client, member: Membership, role: str, **fields: str) -> Any:
    """Send the form of a membership."""
    return client.post(url("membership_change", member.pk), {"role": role} | fields)


def act(client: Client, model: str, action: str, *rows: Any) -> str:
    """Run an action and return the page that follows."""
    form = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    return str(client.post(url(f"{model}_changelist"), form, follow=True).content.decode())


def take_seat(person: Person, license: License) -> str:
    """A live seat of the person."""
    body = {"license_key": license.key_string, "hardware_id": "laptop"}
    return str(Api("flat", person.token).post("acquire", body).data["session_id"])


@pytest.fixture
def member(owner: Person) -> Person:
    """Another member of the owner's organization."""
    return make_person("member", organization=owner.organization)


class TestChangeRole:
    def test_goes_through_the_service(self, administrator: Client, member: Person) -> None:
        assert change(administrator, member.membership, "admin").status_code == 302
        event = Event.objects.get(type="member.role_changed")
        assert (event.data["old_role"], event.data["new_role"]) == ("member", "admin")
        assert str(event.actor_id) == administrator.session["_auth_user_id"]

    def test_to_viewer_ends_their_seats(self, administrator: Client, member: Person, license: License) -> None:
        take_seat(member, license)
        change(administrator, member.membership, "viewer")
        assert SeatSession.objects.get().status == "revoked"

    def test_takes_nothing_else_along(self, administrator: Client, member: Person, outsider: Person) -> None:
        fields = {"user": str(outsider.user_id), "organization": str(outsider.organization.pk)}
        change(administrator, member.membership, "admin", **fields)
        changed = Membership.objects.get(pk=member.membership.pk)
        assert (changed.user_id, changed.organization_id) == (member.user_id, member.organization.pk)

    def test_refuses_to_demote_the_last_owner(self, administrator: Client, owner: Person) -> None:
        response = change(administrator, owner.membership, "admin")
        assert (response.status_code, "needs an owner" in response.content.decode()) == (200, True)
        assert Membership.objects.get().role == "owner"

    def test_is_over_with_the_organization(self, administrator: Client, member: Person) -> None:
        Organization.objects.update(status=Organization.Status.DELETED)
        assert change(administrator, member.membership, "admin").status_code == 403


class TestAddMember:
    def add(self, client: Client, user: User, organization: Organization, role: str = "admin") -> Any:
        form = {"user": str(user.pk), "organization": str(organization.pk), "role": role}
        return client.post(url("membership_add"), form)

    def test_goes_through_the_service(self, administrator: Client, owner: Person) -> None:
        user = make_user()
        assert self.add(administrator, user, owner.organization).status_code == 302
        assert Membership.objects.get(user=user).role == "admin"
        assert Event.objects.get(type="member.joined").data["user_id"] == str(user.pk)

    def test_refuses_who_is_there_already(self, administrator: Client, owner: Person) -> None:
        assert self.add(administrator, owner.membership.user, owner.organization).status_code == 200
        assert Membership.objects.get().role == "owner"

    def test_refuses_a_deleted_organization(self, administrator: Client, owner: Person) -> None:
        Organization.objects.update(status=Organization.Status.DELETED)
        assert self.add(administrator, make_user(), owner.organization).status_code == 200
        assert Membership.objects.count() == 1


class TestRemoveMembers:
    def test_goes_through_the_service(self, administrator: Client, member: Person, license: License) -> None:
        take_seat(member, license)
        assert "1 removed." in act(administrator, "membership", "remove_members", member.membership)
        assert not Membership.objects.filter(pk=member.membership.pk).exists()
        assert SeatSession.objects.get().status == "revoked"
        assert Event.objects.filter(type="member.removed").count() == 1
        assert_problem(Api("flat", member.token).get("organizations"), 401, "token_revoked")

    def test_leaves_the_last_owner_and_says_so(self, administrator: Client, owner: Person, member: Person) -> None:
        page = act(administrator, "membership", "remove_members", owner.membership, member.membership)
        assert "needs an owner" in page
        assert "1 removed." in page
        assert list(Membership.objects.values_list("user", flat=True)) == [owner.user_id]

    def test_has_no_way_around_it(self, administrator: Client, member: Person) -> None:
        row = member.membership
        assert administrator.post(url("membership_delete", row.pk), {"post": "yes"}).status_code == 403
        administrator.post(
            url("membership_changelist"), {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
        )
        form = {"name": "Acme", "memberships-TOTAL_FORMS": "1", "memberships-INITIAL_FORMS": "1"}
        form |= {"memberships-0-id": str(row.pk), "memberships-0-DELETE": "on", "memberships-0-role": "owner"}
        administrator.post(url("organization_change", row.organization_id), form)
        assert Membership.objects.get(pk=row.pk).role == "member"

    def test_needs_the_permission_to_delete_memberships(self, member: Person) -> None:
        staff = make_user("staff@example.com", is_staff=True)
        permissions = Permission.objects.filter(content_type__app_label="accounts")
        staff.user_permissions.set(permissions.filter(codename="view_membership"))
        act(signed_in(staff), "membership", "remove_members", member.membership)
        assert Membership.objects.filter(pk=member.membership.pk).exists()
        staff.user_permissions.add(permissions.get(codename="delete_membership"))
        act(signed_in(staff), "membership", "remove_members", member.membership)
        assert not Membership.objects.filter(pk=member.membership.pk).exists()


class TestEditUser:
    def edit(self, client: Client, user: User, **fields: str) -> Any:
        form = {"email": user.email, "full_name": user.full_name} | INLINE | fields
        return client.post(url("user_change", user.pk), form)

    def test_deactivates_by_the_service(self, administrator: Client, member: Person, license: License) -> None:
        take_seat(member, license)
        assert self.edit(administrator, member.membership.user).status_code == 302
        assert Event.objects.filter(type="user.deactivated").count() == 1
        assert SeatSession.objects.get().status == "revoked"
        assert not User.objects.get(pk=member.user_id).is_active

    def test_reactivates_by_the_service(self, administrator: Client, member: Person) -> None:
        User.objects.filter(pk=member.user_id).update(is_active=False)
        assert self.edit(administrator, member.membership.user, is_active="on").status_code == 302
        assert Event.objects.filter(type="user.reactivated").count() == 1
        assert User.objects.get(pk=member.user_id).is_active

    def test_changes_the_name_alone(self, administrator: Client, member: Person) -> None:
        self.edit(administrator, member.membership.user, full_name="Ada", is_active="on")
        assert User.objects.get(pk=member.user_id).full_name == "Ada"
        event = Event.objects.get(type__startswith="user.")
        assert (event.type, event.data) == ("user.updated", {"fields": ["full_name"]})

    def test_deletes_nobody(self, administrator: Client, member: Person) -> None:
        assert administrator.post(url("user_delete", member.user_id), {"post": "yes"}).status_code == 403

    def test_with_a_new_password_ends_their_log_ins(self, administrator: Client, member: Person) -> None:
        form = {"password1": f"new {PASSWORD}", "password2": f"new {PASSWORD}", "usable_password": "true"}
        response = administrator.post(reverse("admin:auth_user_password_change", args=[member.user_id]), form)
        assert response.status_code == 302
        assert User.objects.get(pk=member.user_id).check_password(f"new {PASSWORD}")
        assert_problem(Api("flat", member.token).get("organizations"), 401, "token_revoked")


class TestEditOrganization:
    def test_renames_by_the_service(self, administrator: Client, owner: Person) -> None:
        form = {"name": "Ajax", "slug": "x", "status": "deleted", "plan": "team"} | INLINE
        assert administrator.post(url("organization_change", owner.organization.pk), form).status_code == 302
        changed = Organization.objects.get()
        assert (changed.name, changed.slug, changed.status, changed.plan) == (
            "Ajax",
            owner.organization.slug,
            "active",
            "free",
        )
        assert Event.objects.filter(type="organization.updated").count() == 1

    def test_deletes_softly(self, administrator: Client, owner: Person, outsider: Person, license: License) -> None:
        take_seat(owner, license)
        assert "1 deleted." in act(administrator, "organization", "delete_organizations", owner.organization)
        assert Organization.objects.get(pk=owner.organization.pk).status == "deleted"
        assert Organization.objects.get(pk=outsider.organization.pk).status == "active"
        assert SeatSession.objects.get().status == "revoked"

    def test_tells_what_cannot_be_deleted(
        self, administrator: Client, owner: Person, outsider: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(event: Event) -> None:
            if event.subject_id == owner.organization.pk:
                raise Conflict("There is a live subscription.")

        monkeypatch.setitem(journal._receivers, "organization.deleting", [refuse])
        page = act(administrator, "organization", "delete_organizations", owner.organization, outsider.organization)
        assert "There is a live subscription." in page
        assert "1 deleted." in page
        assert list(Organization.objects.filter(status="active")) == [owner.organization]

    def test_leaves_a_deleted_one_to_look_at(self, administrator: Client, owner: Person) -> None:
        Organization.objects.update(status=Organization.Status.DELETED)
        path = url("organization_change", owner.organization.pk)
        assert administrator.get(path).status_code == 200
        assert administrator.post(path, {"name": "Back"} | INLINE).status_code == 403
