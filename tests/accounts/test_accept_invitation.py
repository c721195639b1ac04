"""POST invitations/accept."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from accounts.models import Invitation, Membership, Organization, Role, User
from coditect.journal.models import Event
from tests.accounts.test_invitations import GUEST, invite, revoke, verified
from tests.api.shapes import assert_problem
from tests.dialects import NAMES, Answer, Api
from tests.factories import PASSWORD, Person, log_in, make_membership, make_user
from tests.mails import deliver, deliver_one, token_in

GRACE = {"password": "Flowmatic1955!", "full_name": "Grace Hopper"}


@pytest.fixture
def owner(db: None) -> Person:
    """An owner with a proven address."""
    return verified()


@pytest.fixture
def token(owner: Person) -> str:
    """The token of an invitation to GUEST, from the mail."""
    assert invite(Api("flat"), owner).status == 201
    return token_in(deliver_one())


def accept(api: Api, token: Any, **body: Any) -> Answer:
    """Accept."""
    return api.post("accept-invitation", {"token": token} | body)


def guest(email: str = GUEST, **fields: Any) -> str:
    """The access token of a user."""
    return log_in(make_user(email, **fields))


class TestAccept:
    def test_answers_the_membership(self, api: Api, owner: Person, token: str) -> None:
        answer = accept(api.as_bearer(guest()), token)
        membership = Membership.objects.get(user__email=GUEST)
        assert answer.status == 201
        assert answer.data == {
            "id": str(membership.pk),
            "organization_id": str(owner.organization.pk),
            "organization_name": "Acme Inc",
            "user_id": str(membership.user_id),
            "email": GUEST,
            "full_name": "Test User",
            "role": "member",
            "created_at": answer.data["created_at"],
        }

    @pytest.mark.parametrize("role", Role.values)
    def test_gives_the_role_that_was_offered(self, api: Api, owner: Person, role: str) -> None:
        invite(api, owner, role=role)
        bearer = guest()
        assert accept(api.as_bearer(bearer), token_in(deliver_one())).data["role"] == role
        shown = api.as_bearer(bearer).get("organization", organization_id=owner.organization.pk)
        assert shown.data["role"] == role

    def test_takes_nothing_but_the_token(self, api: Api, owner: Person, outsider: Person, token: str) -> None:
        body = {"role": "owner", "organization_id": str(outsider.organization.pk), "email": "else@example.com"}
        data = accept(api.as_bearer(guest()), token, **body).data
        assert (data["role"], data["organization_id"]) == ("member", str(owner.organization.pk))

    def test_proves_the_address(self, api: Api, token: str) -> None:
        accept(api.as_bearer(guest()), token)
        assert User.objects.get(email=GUEST).email_verified_at is not None

    def test_does_not_move_the_day_of_an_earlier_proof(self, api: Api, token: str) -> None:
        proven = timezone.now() - timedelta(days=30)
        accept(api.as_bearer(guest(email_verified_at=proven)), token)
        assert User.objects.get(email=GUEST).email_verified_at == proven

    def test_leaves_the_users_other_organizations(self, api: Api, owner: Person, token: str) -> None:
        user = make_user(GUEST)
        make_membership("owner", user=user)
        accept(api.as_bearer(log_in(user)), token)
        assert set(Membership.objects.filter(user=user).values_list("role", flat=True)) == {"owner", "member"}

    def test_is_recorded(self, api: Api, owner: Person, token: str) -> None:
        accept(api.as_bearer(guest()), token)
        event = Event.objects.get(type="member.joined")
        user = User.objects.get(email=GUEST)
        assert (event.organization_id, event.actor_id) == (owner.organization.pk, user.pk)
        assert (event.data["user_id"], event.data["role"]) == (str(user.pk), "member")

    def test_works_once(self, api: Api, token: str) -> None:
        client = api.as_bearer(guest())
        accept(client, token)
        assert_problem(accept(client, token), 404, "invitation_used")
        assert Membership.objects.filter(user__email=GUEST).count() == 1

    def test_does_not_lead_back_in_after_a_removal(self, api: Api, owner: Person, token: str) -> None:
        user = make_user(GUEST)
        id = accept(api.as_bearer(log_in(user)), token).data["id"]
        api.as_bearer(owner.token).delete("member", organization_id=owner.organization.pk, member_id=id)
        assert_problem(accept(api.as_bearer(log_in(user)), token), 404, "invitation_used")

    def test_is_not_for_another_address(self, api: Api, token: str) -> None:
        answer = accept(api.as_bearer(guest("eve@example.com")), token)
        assert_problem(answer, 403, "invitation_for_another_address")
        assert GUEST not in answer.content.decode()
        assert accept(api.as_bearer(guest()), token).status == 201

    def test_is_not_for_members(self, api: Api, owner: Person, token: str) -> None:
        user = make_user(GUEST)
        make_membership("admin", organization=owner.organization, user=user)
        assert_problem(accept(api.as_bearer(log_in(user)), token), 409, "already_member")
        assert Membership.objects.get(user=user).role == "admin"


class TestSpentInvitation:
    @pytest.mark.parametrize("with_account", [True, False])
    def test_is_refused_once_the_week_is_over(self, api: Api, token: str, with_account: bool) -> None:
        Invitation.objects.update(expires_at=timezone.now())
        answer = accept(api.as_bearer(guest()), token) if with_account else accept(api, token, **GRACE)
        assert_problem(answer, 404, "invitation_expired")

    def test_is_refused_once_revoked(self, api: Api, owner: Person, token: str) -> None:
        revoke(api, owner, Invitation.objects.get().pk)
        assert_problem(accept(api.as_bearer(guest()), token), 404, "invitation_revoked")

    def test_is_refused_once_replaced(self, api: Api, owner: Person, token: str) -> None:
        invite(api, owner)
        assert_problem(accept(api, token, **GRACE), 404, "invitation_revoked")
        assert accept(api, token_in(deliver_one()), **GRACE).status == 201

    def test_is_refused_once_the_organization_is_gone(self, api: Api, owner: Person, token: str) -> None:
        Organization.objects.update(status=Organization.Status.DELETED)
        assert_problem(accept(api.as_bearer(guest()), token), 404, "invitation_revoked")

    @pytest.mark.parametrize("token", ["x", "x" * 43, "é", "' OR 1=1"])
    def test_is_refused_where_there_was_none(self, api: Api, owner: Person, token: str) -> None:
        invite(api, owner)
        deliver()
        assert_problem(accept(api.as_bearer(guest()), token), 404, "invitation_not_found")
        assert_problem(accept(api, token, **GRACE), 404, "invitation_not_found")

    @pytest.mark.parametrize("token", [None, 7, "", [], "x" * 257], ids=["null", "7", "empty", "list", "long"])
    def test_is_invalid_input_where_it_is_no_token(self, api: Api, owner: Person, token: Any) -> None:
        answer = accept(api.as_bearer(guest()), token)
        assert answer.status in {400, 422}
        assert set(answer.errors) == {"token"}


class TestAcceptAsNewUser:
    def test_makes_the_user_and_the_membership(self, api: Api, owner: Person, token: str) -> None:
        answer = accept(api, token, **GRACE)
        user = User.objects.get(email=GUEST)
        assert (answer.status, answer.data["user_id"], answer.data["role"]) == (201, str(user.pk), "member")
        assert (user.full_name, user.email_verified_at is not None) == ("Grace Hopper", True)
        assert list(user.memberships.values_list("organization", "role")) == [(owner.organization.pk, "member")]

    def test_lets_them_log_in(self, api: Api, owner: Person, token: str) -> None:
        accept(api, token, **GRACE)
        answer = api.post("log-in", {"email": GUEST, "password": GRACE["password"]})
        client = api.as_bearer(answer.data["access"])
        rows = client.get("organizations").rows("organizations")
        assert [(row["id"], row["role"]) for row in rows] == [(str(owner.organization.pk), "member")]

    def test_takes_the_address_of_the_invitation_only(self, api: Api, token: str) -> None:
        accept(api, token, **GRACE, email="else@example.com", is_staff=True)
        assert not User.objects.get(email=GUEST).is_staff
        assert not User.objects.filter(email="else@example.com").exists()

    @pytest.mark.parametrize("password", ["short1!", "password123", "8675309123", "GraceHopper1", GUEST])
    def test_refuses_a_weak_password(self, api: Api, token: str, password: str) -> None:
        answer = accept(api, token, **(GRACE | {"password": password}))
        assert_problem(answer, 400 if api.dialect == "flat" else 422, "validation_failed")
        assert set(answer.errors) == {"password"}
        assert not User.objects.filter(email=GUEST).exists()
        assert accept(api, token, **GRACE).status == 201

    @pytest.mark.parametrize("missing", ["full_name", "token"])
    def test_needs_all_of_it(self, api: Api, token: str, missing: str) -> None:
        body = {name: value for name, value in (GRACE | {"token": token}).items() if name != missing}
        answer = api.post("accept-invitation", body)
        assert (answer.status, set(answer.errors)) == (400, {missing})

    def test_is_not_for_an_address_with_an_account(self, api: Api, token: str) -> None:
        guest()
        assert_problem(accept(api, token, **GRACE), 409, "email_taken")
        assert User.objects.get(email=GUEST).check_password(PASSWORD)
        assert Invitation.objects.get().accepted_at is None

    def test_is_recorded(self, api: Api, owner: Person, token: str) -> None:
        accept(api, token, **GRACE)
        types = Event.objects.filter(organization_id=owner.organization.pk).values_list("type", flat=True)
        assert {"user.registered", "member.joined"} <= set(types)


class TestWhoAccepts:
    def test_is_asked_for_without_log_in_and_password(self, api: Api, token: str) -> None:
        answer = accept(api, token)
        assert_problem(answer, 401, "authentication_required")
        assert answer.headers["WWW-Authenticate"] == "Bearer"

    def test_is_whoever_is_logged_in_also_with_a_password_in_the_body(self, api: Api, token: str) -> None:
        assert accept(api.as_bearer(guest()), token, **GRACE).data["full_name"] == "Test User"

    def test_is_told_of_a_token_that_ran_out(self, api: Api, token: str) -> None:
        assert_problem(accept(api.as_bearer("broken"), token), 401, "token_invalid")

    def test_is_a_new_user_also_beside_a_token_that_ran_out(self, api: Api, token: str) -> None:
        assert accept(api.as_bearer("broken"), token, **GRACE).status == 201


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("dialect", NAMES)
class TestManyAtOnce:
    def test_let_one_in(self, dialect: str) -> None:
        invite(Api("flat"), verified())
        token = token_in(deliver_one())

        def accept_once(number: int) -> int:
            try:
                return accept(Api(dialect), token, **GRACE).status
            finally:
                connections.close_all()

        with ThreadPoolExecutor(4) as pool:
            statuses = sorted(pool.map(accept_once, range(4)))
        assert statuses == [201, 404, 404, 404]
        assert Membership.objects.filter(user__email=GUEST).count() == 1

    def test_leave_one_open_invitation(self, dialect: str) -> None:
        owner = verified()

        def invite_once(number: int) -> int:
            try:
                return invite(Api(dialect), owner).status
            finally:
                connections.close_all()

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(invite_once, range(4))) == [201] * 4
        assert Invitation.objects.unanswered().count() == 1
        assert len(deliver()) == 1
