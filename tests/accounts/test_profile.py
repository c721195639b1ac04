"""GET and PATCH auth/me, and /v1/me."""

from typing import Any

import pytest

from accounts.models import Organization, Role, User
from tests.api.shapes import assert_problem
from tests.dialects import Api
from tests.factories import Person, make_membership, make_organization

FIELDS = {"id", "email", "full_name", "email_verified", "created_at", "memberships"}


class TestProfile:
    def test_shows_the_user_and_their_organizations(self, api: Api, owner: Person, outsider: Person) -> None:
        second = make_membership(Role.VIEWER, user=owner.membership.user, organization=make_organization("Second"))
        answer = api.as_bearer(owner.token).get("me")
        assert (answer.status, set(answer.data)) == (200, FIELDS)
        assert (answer.data["id"], answer.data["email"]) == (str(owner.user_id), owner.membership.user.email)
        assert answer.data["memberships"] == [
            {
                "organization_id": str(membership.organization_id),
                "organization_name": membership.organization.name,
                "role": membership.role,
            }
            for membership in (owner.membership, second)
        ]

    def test_leaves_out_deleted_organizations(self, api: Api, owner: Person) -> None:
        Organization.objects.filter(pk=owner.organization.pk).update(status=Organization.Status.DELETED)
        assert api.as_bearer(owner.token).get("me").data["memberships"] == []

    def test_is_at_the_references_short_path_too(self, owner: Person) -> None:
        caller = Api("enveloped").as_bearer(owner.token)
        assert caller.get("me-short").data == caller.get("me").data

    def test_changes_the_name(self, api: Api, owner: Person) -> None:
        answer = api.as_bearer(owner.token).patch("me", {"full_name": "  Ada Lovelace "})
        assert (answer.status, answer.data["full_name"]) == (200, "Ada Lovelace")
        assert api.as_bearer(owner.token).get("me").data == answer.data

    def test_stays_as_it_is_without_a_body(self, api: Api, owner: Person) -> None:
        before = api.as_bearer(owner.token).get("me").data
        assert api.as_bearer(owner.token).patch("me").data == before

    def test_changes_nothing_else(self, api: Api, owner: Person) -> None:
        before = User.objects.filter(pk=owner.user_id).values().get()
        wanted: dict[str, Any] = {
            "id": "00000000-0000-4000-8000-000000000000",
            "email": "mallory@example.com",
            "email_verified": True,
            "email_verified_at": "2026-01-01T00:00:00Z",
            "is_staff": True,
            "is_superuser": True,
            "is_active": False,
            "password": "x",
            "created_at": "2000-01-01T00:00:00Z",
            "memberships": [],
            "role": "owner",
            "organization_id": "00000000-0000-4000-8000-000000000000",
        }
        answer = api.as_bearer(owner.token).patch("me", wanted)
        assert answer.status == 200
        assert User.objects.filter(pk=owner.user_id).values().get() == before

    @pytest.mark.parametrize("name", ["", "   ", "x" * 151, None, 5, ["Ada"]])
    def test_refuses_what_is_no_name(self, api: Api, owner: Person, name: object) -> None:
        answer = api.as_bearer(owner.token).patch("me", {"full_name": name})
        assert answer.status in {400, 422}
        assert "full_name" in answer.errors

    def test_needs_a_log_in(self, api: Api) -> None:
        assert_problem(api.get("me"), 401, "authentication_required")
        assert_problem(api.patch("me", {"full_name": "Mallory"}), 401, "authentication_required")
