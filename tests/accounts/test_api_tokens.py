"""GET and POST tokens, DELETE tokens/{id}, and what a token opens."""

import hashlib
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import override_settings
from django.utils import timezone

from accounts.models import ApiToken, Membership, Organization, Role, User
from accounts.scopes import SCOPES_OF_ROLE, Scope
from accounts.services.api_tokens import hash_token, revoke_api_tokens
from coditect.journal.models import Event
from tests.accounts.forgery import claims_in
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import Person, make_api_token, make_membership, make_person

FIELDS = {
    "id",
    "name",
    "prefix",
    "scopes",
    "organization_id",
    "user_id",
    "user_email",
    "created_at",
    "expires_at",
    "last_used_at",
}
WANTED = {"name": "CI", "scopes": ["read:licenses", "manage:licenses"]}


def create(api: Api, person: Person, **changes: Any) -> Answer:
    """Ask for a token."""
    return api.as_bearer(person.token).post("tokens", WANTED | changes)


def tokens_seen(api: Api, person: Person) -> list[str]:
    """The ids that a member's list shows."""
    return [row["id"] for row in api.as_bearer(person.token).get("tokens").rows("tokens")]


class TestCreateApiToken:
    def test_shows_the_token_once(self, api: Api, owner: Person) -> None:
        answer = create(api, owner)
        assert (answer.status, set(answer.data)) == (201, FIELDS | {"token"})
        assert answer.headers["Cache-Control"] == "no-store"
        text = answer.data["token"]
        assert re.fullmatch(r"cdt_test_[A-Za-z0-9]{40}", text)
        assert answer.data["prefix"] == text[:13]
        listed = api.as_bearer(owner.token).get("tokens")
        assert [set(row) for row in listed.rows("tokens")] == [FIELDS]
        assert text.encode() not in listed.content

    def test_stores_a_hash_alone(self, api: Api, owner: Person) -> None:
        text = create(api, owner).data["token"]
        assert ApiToken.objects.get().token_hash == hashlib.sha256(text.encode()).hexdigest()
        rows = [*ApiToken.objects.values(), *Event.objects.values()]
        assert text[13:] not in str(rows)

    @pytest.mark.parametrize(
        ("environment", "start"),
        [("production", "cdt_live_"), ("staging", "cdt_live_"), ("sandbox", "cdt_test_"), ("development", "cdt_test_")],
    )
    def test_tells_the_environment_by_the_token(self, owner: Person, environment: str, start: str) -> None:
        with override_settings(CODITECT_ENV=environment):
            assert make_api_token(owner).startswith(start)

    def test_belongs_to_the_maker_and_the_organization(self, api: Api, owner: Person) -> None:
        second = make_membership(user=owner.membership.user).organization
        client = api.with_headers(x_organization_id=str(second.pk))
        answer = create(client, owner)
        assert answer.data["organization_id"] == str(second.pk)
        assert answer.data["user_id"] == str(owner.user_id)

    def test_takes_an_expiry(self, api: Api, owner: Person) -> None:
        assert create(api, owner).data["expires_at"] is None
        assert create(api, owner, expires_at="2099-01-01").data["expires_at"] == "2099-01-01T00:00:00Z"

    @pytest.mark.parametrize("role", [Role.MEMBER, Role.VIEWER])
    def test_is_for_administrators(self, api: Api, owner: Person, role: str) -> None:
        person = make_person(role, organization=owner.organization)
        assert_problem(create(api, person, scopes=["read:licenses"]), 403, "permission_denied")

    def test_gives_no_scope_that_the_maker_lacks(self, api: Api, owner: Person) -> None:
        admin = make_person(Role.ADMIN, organization=owner.organization)
        answer = create(api, admin, scopes=["read:org", "manage:billing"])
        assert_problem(answer, 403, "permission_denied")
        assert answer.details == {"scopes": ["manage:billing"]}
        assert create(api, owner, scopes=["manage:billing"]).status == 201
        assert not ApiToken.objects.filter(user=admin.user_id).exists()

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", ""),
            ("name", "x" * 101),
            ("name", None),
            ("name", 5),
            ("scopes", []),
            ("scopes", ["read:everything"]),
            ("scopes", "read:org"),
            ("scopes", [["read:org"]]),
            ("scopes", None),
            ("expires_at", "2020-01-01"),
            ("expires_at", "tomorrow"),
            ("expires_at", 5),
        ],
    )
    def test_refuses_what_makes_no_sense(self, api: Api, owner: Person, field: str, value: object) -> None:
        answer = create(api, owner, **{field: value})
        assert answer.status in {400, 422}
        assert next(iter(answer.errors)).partition(".")[0] == field
        assert not ApiToken.objects.exists()

    def test_takes_nothing_else_from_the_body(self, api: Api, owner: Person, outsider: Person) -> None:
        sent = {
            "organization_id": str(outsider.organization.pk),
            "user_id": str(outsider.user_id),
            "id": str(uuid4()),
            "token": "cdt_test_" + "a" * 40,
            "token_hash": "0" * 64,
            "last_used_at": "2020-01-01",
        }
        answer = create(api, owner, **sent)
        token = ApiToken.objects.get()
        assert (token.organization_id, token.user_id) == (owner.organization.pk, owner.user_id)
        assert str(token.pk) == answer.data["id"] != sent["id"]
        assert token.token_hash == hash_token(answer.data["token"]) != sent["token_hash"]
        assert token.last_used_at is None

    def test_is_in_the_journal(self, api: Api, owner: Person) -> None:
        create(api, owner)
        event = Event.objects.get(type="api_token.created")
        assert (event.organization_id, event.actor_id) == (owner.organization.pk, owner.user_id)
        assert event.data["scopes"] == WANTED["scopes"]

    def test_needs_a_log_in(self, api: Api) -> None:
        assert_problem(api.post("tokens", WANTED), 401, "authentication_required")


class TestListApiTokens:
    def test_shows_administrators_all_and_others_their_own(self, api: Api, owner: Person, outsider: Person) -> None:
        admin = make_person(Role.ADMIN, organization=owner.organization)
        demoted = make_person(Role.ADMIN, organization=owner.organization)
        ids = [create(api, person).data["id"] for person in (owner, admin, demoted)]
        Membership.objects.filter(pk=demoted.membership.pk).update(role=Role.MEMBER)
        assert tokens_seen(api, owner) == tokens_seen(api, admin) == ids[::-1]
        assert tokens_seen(api, demoted) == ids[2:]
        assert tokens_seen(api, outsider) == []

    def test_leaves_out_what_was_revoked(self, api: Api, owner: Person) -> None:
        ids = [create(api, owner, name=name).data["id"] for name in ("a", "b")]
        api.as_bearer(owner.token).delete("token", token_id=ids[0])
        assert tokens_seen(api, owner) == ids[1:]

    def test_sorts_by_name(self, api: Api, owner: Person) -> None:
        for name in ("b", "c", "a"):
            create(api, owner, name=name)
        rows = api.as_bearer(owner.token).get("tokens", {"sort": "name"}).rows("tokens")
        assert [row["name"] for row in rows] == ["a", "b", "c"]
        assert api.as_bearer(owner.token).get("tokens", {"sort": "token_hash"}).status == 400

    def test_needs_a_log_in(self, api: Api) -> None:
        assert_problem(api.get("tokens"), 401, "authentication_required")


class TestRevokeApiToken:
    def test_kills_it_at_once(self, api: Api, owner: Person) -> None:
        made = create(api, owner).data
        assert api.as_bearer(made["token"]).get("licenses").status == 200
        answer = api.as_bearer(owner.token).delete("token", token_id=made["id"])
        assert answer.status == (200 if api.dialect == "flat" else 204)
        assert_problem(api.as_bearer(made["token"]).get("licenses"), 401, "token_revoked")

    def test_is_recorded_once(self, api: Api, owner: Person) -> None:
        made = create(api, owner).data
        caller = api.as_bearer(owner.token)
        caller.delete("token", token_id=made["id"])
        assert_problem(caller.delete("token", token_id=made["id"]), 404, "token_not_found")
        assert Event.objects.filter(type="api_token.revoked").count() == 1

    def test_is_for_the_maker_and_for_administrators(self, api: Api, owner: Person) -> None:
        admin = make_person(Role.ADMIN, organization=owner.organization)
        member = make_person(Role.MEMBER, organization=owner.organization)
        by_owner, by_admin = create(api, owner).data["id"], create(api, admin).data["id"]
        assert_problem(api.as_bearer(member.token).delete("token", token_id=by_owner), 404, "token_not_found")
        assert api.as_bearer(admin.token).delete("token", token_id=by_owner).status in {200, 204}
        Membership.objects.filter(pk=admin.membership.pk).update(role=Role.VIEWER)
        assert api.as_bearer(admin.token).delete("token", token_id=by_admin).status in {200, 204}

    def test_tells_nobody_of_foreign_ones(self, api: Api, owner: Person, outsider: Person) -> None:
        made = create(api, owner).data
        foreign = api.as_bearer(outsider.token).delete("token", token_id=made["id"])
        unknown = api.as_bearer(outsider.token).delete("token", token_id=uuid4())
        for answer in (foreign, unknown):
            assert_problem(answer, 404, "token_not_found")
        assert foreign.message == unknown.message
        assert api.as_bearer(made["token"]).get("licenses").status == 200

    def test_needs_a_log_in(self, api: Api, owner: Person) -> None:
        made = create(api, owner).data
        assert_problem(api.delete("token", token_id=made["id"]), 401, "authentication_required")


class TestApiToken:
    def test_opens_the_door_as_bearer_and_as_key(self, api: Api, owner: Person) -> None:
        text = make_api_token(owner)
        assert api.as_bearer(text).get("licenses").status == 200
        assert api.with_headers(x_api_key=text).get("licenses").status == 200

    def test_yields_to_a_bearer_token(self, api: Api, owner: Person, outsider: Person) -> None:
        text = make_api_token(outsider)
        client = api.as_bearer(owner.token).with_headers(x_api_key=text)
        assert client.get("me").data["id"] == str(owner.user_id)
        assert_problem(api.as_bearer("cdt_test_x").with_headers(x_api_key=text).get("me"), 401, "token_invalid")

    def test_acts_as_its_maker(self, api: Api, owner: Person) -> None:
        answer = api.as_bearer(make_api_token(owner)).patch("me", {"full_name": "Ada"})
        assert answer.data["id"] == str(owner.user_id)
        assert Event.objects.get(type="user.updated").actor_id == owner.user_id

    @pytest.mark.parametrize(
        "text",
        ["cdt_", "cdt_test_", "cdt_live_" + "a" * 40, "cdt_test_" + "a" * 40, "cdt_test_é", "cdt_test_" + "a" * 9000],
    )
    def test_is_refused_unknown(self, api: Api, owner: Person, text: str) -> None:
        make_api_token(owner)
        for client in (api.as_bearer(text), api.with_headers(x_api_key=text)):
            assert_problem(client.get("licenses"), 401, "token_invalid")

    def test_is_no_access_token(self, api: Api, owner: Person) -> None:
        assert_problem(api.with_headers(x_api_key=owner.token).get("licenses"), 401, "token_invalid")
        assert_problem(api.with_headers(x_api_key="").get("licenses"), 401, "authentication_required")

    def test_is_refused_from_its_expiry_on(self, api: Api, owner: Person) -> None:
        text = make_api_token(owner, expires_at=timezone.now() + timedelta(minutes=1))
        assert api.as_bearer(text).get("licenses").status == 200
        ApiToken.objects.update(expires_at=timezone.now())
        assert_problem(api.as_bearer(text).get("licenses"), 401, "token_expired")

    def test_notes_its_use_once_a_minute(self, api: Api, owner: Person, django_assert_num_queries: Any) -> None:
        text = make_api_token(owner)
        api.as_bearer(text).get("me")
        first = ApiToken.objects.get().last_used_at
        assert first is not None
        api.as_bearer(text).get("me")
        assert ApiToken.objects.get().last_used_at == first
        ApiToken.objects.update(last_used_at=first - timedelta(seconds=61))
        api.as_bearer(text).get("me")
        noted = ApiToken.objects.get().last_used_at
        assert noted is not None
        assert noted > first

    def test_stays_in_its_organization(self, api: Api, owner: Person, outsider: Person) -> None:
        second = make_membership(user=owner.membership.user).organization
        text = make_api_token(owner)
        client = api.as_bearer(text)
        own = client.with_headers(x_organization_id=str(owner.organization.pk))
        assert own.get("licenses").status == 200
        for organization in (second, outsider.organization):
            other = client.with_headers(x_organization_id=str(organization.pk))
            assert_problem(other.get("licenses"), 404, "organization_not_found")

    def test_acts_on_its_organization_and_not_on_the_makers_first(self, api: Api, owner: Person) -> None:
        second = make_membership(user=owner.membership.user)
        text = make_api_token(Person(second, ""))
        rows = api.as_bearer(text).get("licenses").rows("licenses")
        assert {row["organization_id"] for row in rows} == {str(second.organization_id)}
        shown = api.as_bearer(text).get("me").data["memberships"]
        assert [each["organization_id"] for each in shown] == [str(second.organization_id)]

    def test_is_counted_by_itself(self, api: Api, owner: Person) -> None:
        one, other = make_api_token(owner), make_api_token(owner)
        assert api.as_bearer(one).get("licenses").headers["X-RateLimit-Remaining"] == "99"
        assert api.as_bearer(one).get("licenses").headers["X-RateLimit-Remaining"] == "98"
        for text in (other, owner.token):
            assert api.as_bearer(text).get("licenses").headers["X-RateLimit-Remaining"] == "99"

    @pytest.mark.parametrize(
        ("method", "name"),
        [
            ("POST", "log-out"),
            ("GET", "login-sessions"),
            ("DELETE", "login-sessions"),
            ("GET", "tokens"),
            ("POST", "tokens"),
        ],
    )
    def test_reaches_neither_log_ins_nor_tokens(self, api: Api, owner: Person, method: str, name: str) -> None:
        answer = api.as_bearer(make_api_token(owner)).send(
            method, api.url(name), body=WANTED if "POST" in method else None
        )
        assert_problem(answer, 403, "insufficient_scope")

    def test_ends_no_log_in_and_no_token(self, api: Api, owner: Person) -> None:
        client = api.as_bearer(make_api_token(owner))
        session_id, token_id = claims_in(owner.token)["sid"], ApiToken.objects.get().pk
        assert_problem(client.delete("login-session", login_session_id=session_id), 403, "insufficient_scope")
        assert_problem(client.delete("token", token_id=token_id), 403, "insufficient_scope")

    def test_is_ignored_where_nobody_asks(self, api: Api) -> None:
        client = api.as_bearer("cdt_test_x").with_headers(x_api_key="y")
        assert client.post("validate", {"key_string": "DEV-2026-X"}).status == 200


SCOPED = [
    ("GET", "me", Scope.READ_PROFILE),
    ("HEAD", "me", Scope.READ_PROFILE),
    ("PATCH", "me", Scope.WRITE_PROFILE),
    ("GET", "licenses", Scope.READ_LICENSES),
    ("GET", "sessions", Scope.READ_LICENSES),
    ("POST", "acquire", Scope.MANAGE_LICENSES),
    ("POST", "release", Scope.MANAGE_LICENSES),
    ("POST", "heartbeat-by-body", Scope.MANAGE_LICENSES),
]


class TestScope:
    @pytest.mark.parametrize(("method", "name", "scope"), SCOPED)
    def test_opens_what_it_says(self, api: Api, owner: Person, method: str, name: str, scope: str) -> None:
        answer = api.as_bearer(make_api_token(owner, scope)).send(method, api.url(name), body=self.body(method))
        assert answer.status != 403

    @pytest.mark.parametrize(("method", "name", "scope"), SCOPED)
    def test_is_missed_where_it_is_not_there(self, api: Api, owner: Person, method: str, name: str, scope: str) -> None:
        others = [other for other in Scope if other != scope]
        answer = api.as_bearer(make_api_token(owner, *others)).send(method, api.url(name), body=self.body(method))
        assert answer.status == 403
        if method != "HEAD":
            assert_problem(answer, 403, "insufficient_scope")
            assert answer.details == {"scope": scope}

    def test_ends_with_the_makers_role(self, api: Api, owner: Person) -> None:
        admin = make_person(Role.ADMIN, organization=owner.organization)
        text = make_api_token(admin, Scope.MANAGE_LICENSES, Scope.READ_LICENSES)
        body = {"license_key": "x", "hardware_id": "m"}
        assert_problem(api.as_bearer(text).post("acquire", body), 404, "license_not_found")
        Membership.objects.filter(pk=admin.membership.pk).update(role=Role.VIEWER)
        assert_problem(api.as_bearer(text).post("acquire", body), 403, "insufficient_scope")
        assert api.as_bearer(text).get("licenses").status == 200

    def test_of_a_higher_role_holds_those_of_a_lower(self) -> None:
        viewer, member, admin, owner = (
            SCOPES_OF_ROLE[role] for role in (Role.VIEWER, Role.MEMBER, Role.ADMIN, Role.OWNER)
        )
        assert viewer < member < admin < owner == set(Scope)

    @staticmethod
    def body(method: str) -> dict[str, Any] | None:
        """A body that every endpoint can read."""
        if method != "POST":
            return None
        return {"license_key": "x", "hardware_id": "m", "session_id": "00000000-0000-8000-8000-000000000000"}


class TestDeadApiToken:
    def test_follows_its_maker(self, api: Api, owner: Person) -> None:
        text = make_api_token(owner)
        User.objects.filter(pk=owner.user_id).update(is_active=False)
        assert_problem(api.as_bearer(text).get("me"), 401, "token_revoked")

    def test_follows_the_membership(self, api: Api, owner: Person) -> None:
        text = make_api_token(owner)
        make_membership(user=owner.membership.user)
        owner.membership.delete()
        assert_problem(api.as_bearer(text).get("me"), 401, "token_revoked")

    def test_follows_the_organization(self, api: Api, owner: Person) -> None:
        text = make_api_token(owner)
        Organization.objects.filter(pk=owner.organization.pk).update(status=Organization.Status.DELETED)
        assert_problem(api.as_bearer(text).get("me"), 401, "token_revoked")

    def test_does_not_come_back_with_its_maker(self, api: Api, owner: Person) -> None:
        text = make_api_token(owner)
        second = make_membership(user=owner.membership.user)
        elsewhere = make_api_token(Person(second, ""))
        now = timezone.now()
        assert revoke_api_tokens(user=owner.membership.user, organization_id=owner.organization.pk, now=now) == 1
        assert_problem(api.as_bearer(text).get("me"), 401, "token_revoked")
        assert api.as_bearer(elsewhere).get("me").status == 200
        assert revoke_api_tokens(user=owner.membership.user, now=now) == 1
        assert_problem(api.as_bearer(elsewhere).get("me"), 401, "token_revoked")
