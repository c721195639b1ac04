"""manage.py create_api_token, list_api_tokens and revoke_api_token."""

import io
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import ApiToken, Role
from tests.api.shapes import assert_problem
from tests.dialects import Api
from tests.factories import Person, make_api_token, make_membership, make_person


def manage(*arguments: str) -> str:
    """What a command prints."""
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def create(person: Person, *more: str, scope: str = "read:licenses") -> str:
    """Make a token for a person."""
    email = person.membership.user.email
    return manage("create_api_token", "--email", email.upper(), "--name", "CI", "--scope", scope, *more).strip()


class TestCreate:
    def test_prints_a_token_that_works(self, api: Api, owner: Person) -> None:
        text = create(owner, "--scope", "read:profile", "--days", "30")
        assert api.as_bearer(text).get("licenses").status == 200
        token = ApiToken.objects.get()
        assert token.scopes == ["read:profile", "read:licenses"]
        assert token.expires_at is not None
        assert abs(token.expires_at - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)

    def test_takes_an_organization(self, owner: Person, outsider: Person) -> None:
        second = make_membership(user=owner.membership.user).organization
        create(owner, "--organization", str(second.pk))
        assert ApiToken.objects.get().organization_id == second.pk
        with pytest.raises(CommandError, match="Organization not found"):
            create(owner, "--organization", str(outsider.organization.pk))

    def test_refuses_what_the_service_refuses(self, owner: Person) -> None:
        admin = make_person(Role.ADMIN, organization=owner.organization)
        with pytest.raises(CommandError, match="role"):
            create(admin, scope="manage:billing")
        with pytest.raises(CommandError, match="Only administrators"):
            create(make_person(Role.MEMBER, organization=owner.organization))
        with pytest.raises(CommandError, match="--days"):
            create(owner, "--days", "0")
        with pytest.raises(CommandError, match="No active user"):
            manage("create_api_token", "--email", "x@example.com", "--name", "CI", "--scope", "read:org")
        assert not ApiToken.objects.exists()


class TestList:
    def test_shows_what_is_there_but_no_secret(self, owner: Person, outsider: Person) -> None:
        texts = [make_api_token(owner), make_api_token(outsider)]
        printed = manage("list_api_tokens")
        for token in ApiToken.objects.all():
            assert str(token.pk) in printed
            assert token.token_hash not in printed
        assert not [text for text in texts if text in printed]
        assert len(manage("list_api_tokens", "--email", owner.membership.user.email).splitlines()) == 1

    def test_leaves_out_what_was_revoked(self, owner: Person) -> None:
        make_api_token(owner)
        ApiToken.objects.update(revoked_at=timezone.now())
        assert manage("list_api_tokens") == ""


class TestRevoke:
    def test_kills_a_token_by_its_id(self, api: Api, owner: Person) -> None:
        text = make_api_token(owner)
        assert manage("revoke_api_token", str(ApiToken.objects.get().pk)) == "Revoked.\n"
        assert_problem(api.as_bearer(text).get("me"), 401, "token_revoked")

    def test_kills_a_token_that_was_found(self, api: Api, owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
        text = make_api_token(owner)
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{text}\n"))
        assert manage("revoke_api_token", "-") == "Revoked.\n"
        assert_problem(api.as_bearer(text).get("me"), 401, "token_revoked")

    def test_says_where_there_is_nothing_to_revoke(self, owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
        make_api_token(owner)
        token_id = str(ApiToken.objects.get().pk)
        manage("revoke_api_token", token_id)
        monkeypatch.setattr("sys.stdin", io.StringIO("cdt_test_x\n"))
        for argument in (token_id, str(uuid4()), "-"):
            with pytest.raises(CommandError, match="No such token"):
                manage("revoke_api_token", argument)
        with pytest.raises(CommandError, match="Give the token's id"):
            manage("revoke_api_token", "cdt_test_x")
