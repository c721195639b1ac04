"""GET, POST orgs/{id}/invitations; DELETE orgs/{id}/invitations/{id}; and the mail."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import Invitation, Membership, Role
from coditect.journal.models import Event, Mail
from tests.accounts.test_log_in import comparable
from tests.accounts.test_members import assert_done
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import Person, log_in, make_membership, make_organization, make_user
from tests.mails import deliver, deliver_one, text_of, token_in

GUEST = "grace@example.com"


def verified(role: str = Role.OWNER, **fields: Any) -> Person:
    """A member with a proven address, so that they may invite."""
    user = make_user(email_verified_at=timezone.now(), full_name="Ada Lovelace")
    membership = make_membership(role, user=user, **fields)
    return Person(membership, log_in(user))


@pytest.fixture
def owner(db: None) -> Person:
    """An owner with a proven address."""
    return verified()


def invite(api: Api, by: Person, email: Any = GUEST, role: Any = "member", organization_id: Any = None) -> Answer:
    """Invite somebody."""
    path = {"organization_id": organization_id or by.organization.pk}
    return api.as_bearer(by.token).post("invitations", {"email": email, "role": role}, **path)


def revoke(api: Api, by: Person, id: Any) -> Answer:
    """Take an invitation back."""
    return api.as_bearer(by.token).delete("invitation", organization_id=by.organization.pk, invitation_id=id)


class TestInvite:
    def test_answers_the_invitation_without_its_token(self, api: Api, owner: Person) -> None:
        answer = invite(api, owner)
        invitation = Invitation.objects.get()
        assert answer.status == 201
        assert answer.data == {
            "id": str(invitation.pk),
            "organization_id": str(owner.organization.pk),
            "email": GUEST,
            "role": "member",
            "status": "pending",
            "invited_by": str(owner.user_id),
            "created_at": answer.data["created_at"],
            "expires_at": answer.data["expires_at"],
        }
        assert invitation.expires_at - invitation.created_at == timedelta(days=7)

    def test_makes_no_member_yet(self, api: Api, owner: Person) -> None:
        invite(api, owner, make_user(GUEST).email)
        assert not Membership.objects.filter(user__email=GUEST).exists()

    def test_is_for_members_unless_told_otherwise(self, api: Api, owner: Person) -> None:
        path = {"organization_id": owner.organization.pk}
        assert api.as_bearer(owner.token).post("invitations", {"email": GUEST}, **path).data["role"] == "member"

    @pytest.mark.parametrize("role", Role.values)
    @pytest.mark.parametrize("by", Role.values)
    def test_follows_the_matrix(self, owner: Person, by: str, role: str) -> None:
        answer = invite(Api("flat"), verified(by, organization=owner.organization), role=role)
        if by == "owner" or (by == "admin" and role != "owner"):
            assert (answer.status, answer.data["role"]) == (201, role)
        else:
            assert_problem(answer, 403, "permission_denied")
            assert not Invitation.objects.exists()
            assert not Mail.objects.exists()

    def test_needs_a_verified_address(self, api: Api, owner: Person) -> None:
        type(owner.membership.user).objects.update(email_verified_at=None)
        assert_problem(invite(api, owner), 403, "email_not_verified")
        assert not Mail.objects.exists()

    def test_is_hidden_from_outsiders(self, api: Api, owner: Person, outsider: Person) -> None:
        foreign, unknown = (invite(api, outsider, organization_id=id) for id in (owner.organization.pk, uuid4()))
        assert_problem(foreign, 404, "organization_not_found")
        assert comparable(foreign)[:2] == comparable(unknown)[:2]

    def test_is_not_for_members(self, api: Api, owner: Person) -> None:
        member = verified("viewer", organization=owner.organization)
        assert_problem(invite(api, owner, member.membership.user.email.upper()), 409, "already_member")
        assert not Mail.objects.exists()

    def test_may_go_to_members_of_other_organizations(self, api: Api, owner: Person, outsider: Person) -> None:
        assert invite(api, owner, outsider.membership.user.email).status == 201

    @pytest.mark.parametrize("email", ["", "x", None, 7, "a@", "a@b", "a b@example.com", "a@example.com\nBcc: b@c.de"])
    def test_needs_an_address(self, api: Api, owner: Person, email: Any) -> None:
        answer = invite(api, owner, email)
        assert answer.status in {400, 422}
        assert set(answer.errors) == {"email"}

    @pytest.mark.parametrize("role", ["king", None, 7, "", ["admin"]], ids=str)
    def test_takes_only_roles(self, api: Api, owner: Person, role: Any) -> None:
        assert set(invite(api, owner, role=role).errors) == {"role"}

    def test_normalises_the_address(self, api: Api, owner: Person) -> None:
        assert invite(api, owner, "  Grace@Example.COM ").data["email"] == GUEST

    def test_is_recorded(self, api: Api, owner: Person) -> None:
        id = invite(api, owner, role="viewer").data["id"]
        event = Event.objects.get(type="member.invited")
        assert (str(event.subject_id), event.actor_id) == (id, owner.user_id)
        assert (event.data["email"], event.data["role"]) == (GUEST, "viewer")


class TestInviteAgain:
    def test_replaces_the_first(self, api: Api, owner: Person) -> None:
        first = invite(api, owner).data["id"]
        second = invite(api, owner, role="viewer").data["id"]
        statuses = {str(row.pk): row.status_at(timezone.now()) for row in Invitation.objects.all()}
        assert statuses == {first: "revoked", second: "pending"}

    def test_sends_one_mail_only_where_the_first_is_still_unsent(self, api: Api, owner: Person) -> None:
        invite(api, owner)
        invite(api, owner, role="viewer")
        assert "as viewer" in text_of(deliver_one())

    def test_leaves_those_of_other_organizations(self, api: Api, owner: Person) -> None:
        invite(api, owner)
        invite(api, verified())
        assert Invitation.objects.unanswered().count() == 2


class TestInvitationMail:
    def test_says_who_invites_whom_into_what(self, api: Api, owner: Person) -> None:
        invite(api, owner)
        letter = deliver_one()
        assert (letter.to, letter.subject) == ([GUEST], "Ada Lovelace invites you to Acme Inc")
        for part in ("Acme Inc", GUEST, "as member", owner.membership.user.email):
            assert part in text_of(letter)

    def test_shows_a_command_that_works_as_it_is(self, api: Api, owner: Person) -> None:
        invite(api, owner)
        letter = deliver_one()
        text = text_of(letter)
        assert f"http://127.0.0.1:8000{Api('flat').url('accept-invitation')}" in text
        assert text.count(token_in(letter)) == 3

    def test_carries_the_only_copy_of_the_token(self, api: Api, owner: Person) -> None:
        invite(api, owner)
        token = token_in(deliver_one())
        rows = [*Invitation.objects.values(), *Event.objects.values(), *Mail.objects.values()]
        assert token not in str(rows)

    def test_draws_a_new_token_each_time_it_is_written(self, api: Api, owner: Person) -> None:
        invite(api, owner)
        first = token_in(deliver_one())
        Mail.objects.update(status=Mail.Status.PENDING, next_attempt_at=timezone.now())
        assert token_in(deliver_one()) != first

    @pytest.mark.parametrize("change", ["revoked_at", "accepted_at"])
    def test_is_not_sent_any_more_once_answered(self, api: Api, owner: Person, change: str) -> None:
        invite(api, owner)
        Invitation.objects.update(**{change: timezone.now()})
        assert deliver() == []

    def test_is_not_sent_once_the_time_is_over(self, api: Api, owner: Person) -> None:
        invite(api, owner)
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert deliver() == []

    def test_survives_odd_names(self, api: Api, owner: Person) -> None:
        organization = owner.organization
        organization.name = "Acme\r\nBcc: all@example.com {{ token }} <b>"
        organization.save()
        invite(api, owner)
        assert "\n" not in deliver_one().subject


class TestListInvitations:
    def rows(self, api: Api, person: Person, **query: str) -> list[dict[str, Any]]:
        answer = api.as_bearer(person.token).get("invitations", query, organization_id=person.organization.pk)
        assert answer.status == 200
        return answer.rows("invitations")

    @pytest.mark.parametrize("role", ["owner", "admin"])
    def test_shows_those_of_the_organization(self, api: Api, owner: Person, role: str) -> None:
        id = invite(api, owner).data["id"]
        invite(api, verified(), "else@example.com")
        assert [row["id"] for row in self.rows(api, verified(role, organization=owner.organization))] == [id]

    @pytest.mark.parametrize("role", ["member", "viewer"])
    def test_is_for_administrators(self, api: Api, owner: Person, role: str) -> None:
        client = api.as_bearer(verified(role, organization=owner.organization).token)
        answer = client.get("invitations", organization_id=owner.organization.pk)
        assert_problem(answer, 403, "permission_denied")

    def test_tells_each_ones_status(self, api: Api, owner: Person) -> None:
        now = timezone.now()
        for name in ("pending", "expired", "revoked", "accepted"):
            invite(api, owner, f"{name}@example.com")
        found = Invitation.objects.filter
        found(email__startswith="expired").update(expires_at=now)
        found(email__startswith="revoked").update(revoked_at=now)
        found(email__startswith="accepted").update(accepted_at=now)
        rows = self.rows(api, owner, sort="email")
        assert {row["email"].partition("@")[0] for row in rows if row["email"].startswith(row["status"])} == {
            "pending",
            "expired",
            "revoked",
            "accepted",
        }
        for status in ("pending", "expired", "revoked", "accepted"):
            assert [row["email"] for row in self.rows(api, owner, status=status)] == [f"{status}@example.com"]

    @pytest.mark.parametrize("query", [{"status": "lost"}, {"sort": "token_hash"}, {"token_hash": "x"}], ids=str)
    def test_refuses_what_it_does_not_know(self, api: Api, owner: Person, query: dict[str, str]) -> None:
        client = api.as_bearer(owner.token)
        assert client.get("invitations", query, organization_id=owner.organization.pk).status == 400


class TestRevokeInvitation:
    def test_says_so_as_the_dialect_does(self, api: Api, owner: Person) -> None:
        assert_done(revoke(api, owner, invite(api, owner).data["id"]), "Invitation revoked.")
        assert Invitation.objects.get().revoked_at is not None

    def test_cannot_be_done_twice(self, api: Api, owner: Person) -> None:
        id = invite(api, owner).data["id"]
        revoke(api, owner, id)
        assert_problem(revoke(api, owner, id), 404, "invitation_revoked")

    def test_does_not_undo_an_acceptance(self, api: Api, owner: Person) -> None:
        id = invite(api, owner).data["id"]
        Invitation.objects.update(accepted_at=timezone.now())
        assert_problem(revoke(api, owner, id), 404, "invitation_used")

    @pytest.mark.parametrize("by", ["admin", "member", "viewer"])
    def test_follows_the_matrix(self, api: Api, owner: Person, by: str) -> None:
        person = verified(by, organization=owner.organization)
        to_owner, to_member = (
            invite(api, owner, f"{role}@example.com", role).data["id"] for role in ("owner", "member")
        )
        assert_problem(revoke(api, person, to_owner), 403, "permission_denied")
        if by == "admin":
            assert revoke(api, person, to_member).status in {200, 204}
        else:
            assert_problem(revoke(api, person, to_member), 403, "permission_denied")

    def test_hides_foreign_ones_as_if_they_did_not_exist(self, api: Api, owner: Person) -> None:
        id, stranger = invite(api, owner).data["id"], verified()
        foreign, unknown = revoke(api, stranger, id), revoke(api, stranger, uuid4())
        assert_problem(foreign, 404, "invitation_not_found")
        assert comparable(foreign)[:2] == comparable(unknown)[:2]
        client = api.as_bearer(stranger.token)
        answer = client.delete("invitation", organization_id=owner.organization.pk, invitation_id=id)
        assert_problem(answer, 404, "organization_not_found")
        assert Invitation.objects.get().revoked_at is None

    def test_comes_with_the_end_of_the_organization(self, api: Api, owner: Person) -> None:
        make_organization()
        invite(api, owner)
        api.as_bearer(owner.token).delete("organization", organization_id=owner.organization.pk)
        assert not Invitation.objects.unanswered().exists()

    def test_comes_with_the_inviters_demotion(self, api: Api, owner: Person) -> None:
        admin = verified("admin", organization=owner.organization)
        invite(api, admin)
        path = {"organization_id": owner.organization.pk, "member_id": admin.membership.pk}
        api.as_bearer(owner.token).patch("member", {"role": "member"}, **path)
        assert not Invitation.objects.unanswered().exists()
