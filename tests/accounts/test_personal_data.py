"""GET auth/me/export and DELETE auth/me."""

import json

import pytest
from django.utils import timezone

from accounts.models import ApiToken, Invitation, LoginSession, Membership, Organization, Role, TotpDevice, User
from accounts.services.totp import begin_totp
from coditect.journal.models import Event
from licenses.models import License, SeatSession
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import PASSWORD, Person, make_api_token, make_membership, make_organization, make_person
from tests.licenses.seats import acquire, beat

SECTIONS = {"exported_at", "user", "memberships", "login_sessions", "api_tokens", "mails", "events", "seat_sessions"}


@pytest.fixture
def member(owner: Person) -> Person:
    """A member of the owner's organization."""
    return make_person(Role.MEMBER, organization=owner.organization)


def delete(api: Api, person: Person, password: str = PASSWORD) -> Answer:
    """Ask to be forgotten."""
    return api.as_bearer(person.token).send("DELETE", api.url("me"), body={"password": password})


def assert_deleted(answer: Answer) -> None:
    """It was done."""
    assert answer.status == (200 if answer.dialect == "flat" else 204)


class TestExport:
    def test_tells_everything(self, api: Api, owner: Person, license: License) -> None:
        seat = acquire(api, owner, license, metadata={"room": "7"}).data
        make_api_token(owner)
        answer = api.as_bearer(owner.token).get("export-me")
        assert (answer.status, set(answer.data)) == (200, SECTIONS)
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.data["user"]["email"] == owner.membership.user.email
        assert [each["organization_name"] for each in answer.data["memberships"]] == [owner.organization.name]
        assert len(answer.data["login_sessions"]) == len(answer.data["api_tokens"]) == 1
        assert [(each["id"], each["metadata"]) for each in answer.data["seat_sessions"]] == [
            (seat["session_id"], {"room": "7"})
        ]
        assert "license.seat.acquired" in {each["type"] for each in answer.data["events"]}

    def test_holds_no_secret(self, api: Api, owner: Person) -> None:
        user = owner.membership.user
        text = make_api_token(owner)
        secret = begin_totp(user=user, now=timezone.now()).secret
        told = json.dumps(api.as_bearer(owner.token).get("export-me").data)
        stored = [
            ApiToken.objects.get().token_hash,
            LoginSession.objects.get().refresh_jti_hash,
            TotpDevice.objects.get().secret,
            User.objects.get(pk=user.pk).password,
        ]
        assert not [each for each in (text, secret, *stored) if each in told]

    def test_tells_nothing_of_others(self, api: Api, owner: Person, outsider: Person, license: License) -> None:
        acquire(api, owner, license)
        make_api_token(owner)
        told = api.as_bearer(outsider.token).get("export-me")
        assert str(owner.user_id) not in json.dumps(told.data)
        assert (told.data["seat_sessions"], told.data["api_tokens"]) == ([], [])

    def test_needs_a_log_in(self, api: Api, owner: Person) -> None:
        assert_problem(api.get("export-me"), 401, "authentication_required")
        assert_problem(api.as_bearer(make_api_token(owner)).get("export-me"), 403, "insufficient_scope")


class TestDeleteAccount:
    def test_forgets_the_user(self, api: Api, owner: Person, member: Person) -> None:
        user = member.membership.user
        user.is_staff = True
        user.save()
        begin_totp(user=user, now=timezone.now())
        Invitation.objects.create(
            organization=owner.organization,
            invited_by=owner.membership.user,
            email=user.email,
            role=Role.MEMBER,
            created_at=timezone.now(),
            expires_at=timezone.now(),
        )
        assert_deleted(delete(api, member))
        left = User.objects.get(pk=member.user_id)
        assert (left.email, left.full_name) == (f"deleted-{left.pk}@deleted.invalid", "Deleted user")
        assert not any([left.is_active, left.is_staff, left.is_superuser, left.has_usable_password()])
        assert not any([left.email_verified_at, left.last_login])
        for model in (Membership, LoginSession, TotpDevice):
            assert not model._default_manager.filter(user=left).exists()
        assert not Invitation.objects.exists()

    def test_leaves_the_address_in_no_table(self, api: Api, owner: Person, member: Person) -> None:
        email = member.membership.user.email
        api.post("log-in", {"email": email, "password": PASSWORD})
        api.as_bearer(member.token).patch("me", {"full_name": "Somebody Rare"})
        assert_deleted(delete(api, member))
        for model in (User, Invitation, Event, LoginSession, SeatSession):
            told = str(list(model._default_manager.values()))
            assert email not in told
            assert "Somebody Rare" not in told

    def test_ends_log_ins_and_api_tokens(self, api: Api, owner: Person) -> None:
        admin = make_person(Role.ADMIN, organization=owner.organization)
        text = make_api_token(admin)
        assert_deleted(delete(api, admin))
        for token in (admin.token, text):
            assert_problem(api.as_bearer(token).get("me"), 401, "token_revoked")

    def test_frees_seats_and_forgets_machines(self, api: Api, member: Person, license: License) -> None:
        session_id = acquire(api, member, license, "my-laptop", metadata={"room": "7"}).data["session_id"]
        assert_deleted(delete(api, member))
        assert_problem(beat(api, member, session_id), 404, "seat_revoked")
        session = SeatSession.objects.get(pk=session_id)
        assert (session.hardware_id, session.ip_address, session.metadata) == ("deleted", None, {})
        assert session.end_reason == "revoked"

    def test_frees_the_address(self, api: Api, member: Person) -> None:
        email = member.membership.user.email
        assert_deleted(delete(api, member))
        assert api.post("log-in", {"email": email, "password": PASSWORD}).code == "invalid_credentials"
        body = {"email": email, "password": PASSWORD, "full_name": "Ada", "company_name": "Again"}
        assert api.post("register", body).status == 201

    def test_leaves_no_organization_without_an_owner(self, api: Api, owner: Person, member: Person) -> None:
        assert_problem(delete(api, owner), 409, "last_owner")
        assert api.as_bearer(owner.token).get("me").status == 200
        assert Membership.objects.filter(organization=owner.organization).count() == 2

    def test_changes_nothing_where_one_of_several_organizations_refuses(
        self, api: Api, owner: Person, member: Person
    ) -> None:
        make_membership(Role.MEMBER, user=owner.membership.user, organization=make_organization())
        assert_problem(delete(api, owner), 409, "last_owner")
        assert Membership.objects.filter(user=owner.user_id).count() == 2
        assert not Event.objects.filter(type__in=["member.removed", "user.deleted"]).exists()

    def test_closes_organizations_that_one_is_alone_in(self, api: Api, owner: Person, license: License) -> None:
        acquire(api, owner, license)
        make_api_token(owner)
        assert_deleted(delete(api, owner))
        assert not ApiToken.objects.unrevoked().exists()
        assert Organization.objects.get(pk=owner.organization.pk).status == Organization.Status.DELETED
        assert not SeatSession.objects.unended().exists()

    def test_leaves_organizations_with_another_owner(self, api: Api, owner: Person) -> None:
        second = make_person(Role.OWNER, organization=owner.organization)
        assert_deleted(delete(api, second))
        assert Organization.objects.get(pk=owner.organization.pk).status == Organization.Status.ACTIVE
        assert api.as_bearer(owner.token).get("licenses").status == 200

    @pytest.mark.parametrize("password", ["wrong", "", None, 5])
    def test_asks_for_the_password(self, api: Api, member: Person, password: str) -> None:
        answer = delete(api, member, password)
        assert answer.status in {400, 422}
        assert list(answer.errors) == ["password"]
        assert api.as_bearer(member.token).get("me").status == 200

    def test_counts_guesses_at_the_password(self, api: Api, member: Person) -> None:
        answers = [delete(api, member, "wrong") for _ in range(6)]
        assert [answer.status == 429 for answer in answers] == [False] * 5 + [True]

    def test_is_in_the_journal_without_the_address(self, api: Api, member: Person) -> None:
        assert_deleted(delete(api, member))
        event = Event.objects.get(type="user.deleted")
        assert (event.subject_id, event.actor_id, event.data) == (member.user_id, member.user_id, {})

    def test_is_for_oneself_alone(self, api: Api, owner: Person, outsider: Person) -> None:
        assert_deleted(delete(api, outsider))
        assert api.as_bearer(owner.token).get("me").status == 200

    def test_needs_a_log_in(self, api: Api, owner: Person) -> None:
        assert_problem(api.delete("me"), 401, "authentication_required")
        assert_problem(delete(api, Person(owner.membership, make_api_token(owner))), 403, "insufficient_scope")
