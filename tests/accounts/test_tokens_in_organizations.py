"""API tokens at the endpoints of organizations: one organization each, and never what needs a log-in."""

import pytest

from accounts.models import Membership, Organization
from accounts.scopes import Scope
from tests.api.shapes import assert_problem
from tests.dialects import Api
from tests.factories import Person, make_api_token, make_membership, make_organization, make_person


@pytest.fixture
def second(owner: Person) -> Organization:
    """Another organization of the owner."""
    return make_membership("owner", organization=make_organization("Second"), user=owner.membership.user).organization


class TestApiToken:
    def test_knows_of_one_organization(self, api: Api, owner: Person, second: Organization) -> None:
        client = api.as_bearer(make_api_token(owner))
        assert [row["id"] for row in client.get("organizations").rows("organizations")] == [str(owner.organization.pk)]
        assert client.get("organization", organization_id=owner.organization.pk).status == 200
        for name in ("organization", "members"):
            answer = client.get(name, organization_id=second.pk)
            assert_problem(answer, 404, "organization_not_found")

    def test_changes_members_of_that_one_only(self, api: Api, owner: Person, second: Organization) -> None:
        client = api.as_bearer(make_api_token(owner, Scope.ADMIN_ORG))
        here, there = (make_person("member", organization=place) for place in (owner.organization, second))
        for person, status in ((here, 200), (there, 404)):
            path = {"organization_id": person.organization.pk, "member_id": person.membership.pk}
            assert client.patch("member", {"role": "admin"}, **path).status == status
        assert Membership.objects.get(pk=there.membership.pk).role == "member"

    @pytest.mark.parametrize(
        ("method", "name", "scope"),
        [
            ("GET", "organizations", Scope.READ_ORG),
            ("GET", "organization", Scope.READ_ORG),
            ("PATCH", "organization", Scope.ADMIN_ORG),
            ("GET", "members", Scope.READ_ORG),
            ("GET", "invitations", Scope.ADMIN_ORG),
        ],
    )
    def test_needs_the_scope(self, api: Api, owner: Person, method: str, name: str, scope: Scope) -> None:
        path = {} if name == "organizations" else {"organization_id": owner.organization.pk}
        others = [other for other in Scope if other != scope]
        without, alone = (api.as_bearer(make_api_token(owner, *scopes)) for scopes in (others, [scope]))
        assert_problem(without.send(method, api.url(name, **path)), 403, "insufficient_scope")
        assert alone.send(method, api.url(name, **path)).status == 200

    @pytest.mark.parametrize(
        ("method", "name"),
        [
            ("POST", "organizations"),
            ("DELETE", "organization"),
            ("POST", "leave-organization"),
            ("POST", "transfer-ownership"),
        ],
    )
    def test_does_nothing_that_needs_a_log_in(self, api: Api, owner: Person, method: str, name: str) -> None:
        path = {} if name == "organizations" else {"organization_id": owner.organization.pk}
        client = api.as_bearer(make_api_token(owner))
        assert_problem(client.send(method, api.url(name, **path)), 403, "insufficient_scope")

    def test_ends_with_its_makers_membership(self, api: Api, owner: Person) -> None:
        admin = make_person("admin", organization=owner.organization)
        client = api.as_bearer(make_api_token(admin))
        path = {"organization_id": owner.organization.pk, "member_id": admin.membership.pk}
        api.as_bearer(owner.token).delete("member", **path)
        assert_problem(client.get("organizations"), 401, "token_revoked")
