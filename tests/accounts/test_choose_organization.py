"""X-Organization-Id: which organization a request acts on."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import Membership, Organization
from licenses.models import License
from tests.accounts.test_log_in import comparable
from tests.api.shapes import assert_problem
from tests.dialects import Api
from tests.factories import Person, log_in, make_organization, make_user


@pytest.fixture
def second(owner: Person) -> Organization:
    """Another organization of the owner, joined later."""
    organization = make_organization("Second")
    Membership.objects.create(organization=organization, user=owner.membership.user, role="viewer")
    return organization


def organizations_shown(api: Api) -> set[str]:
    """Whose licenses the client sees."""
    return {row["organization_id"] for row in api.get("licenses").rows("licenses")}


class TestChoosingOrganization:
    def test_is_not_needed_for_the_first(self, api: Api, owner: Person, second: Organization) -> None:
        assert organizations_shown(api.as_bearer(owner.token)) == {str(owner.organization.pk)}

    def test_takes_the_first_by_age_of_membership(self, api: Api, owner: Person, second: Organization) -> None:
        Membership.objects.filter(organization=second).update(created_at=timezone.now() - timedelta(days=1))
        assert organizations_shown(api.as_bearer(owner.token)) == {str(second.pk)}

    def test_takes_any_of_ones_own(self, api: Api, owner: Person, second: Organization) -> None:
        for organization in (owner.organization, second):
            client = api.as_bearer(owner.token).with_headers(x_organization_id=str(organization.pk))
            assert organizations_shown(client) == {str(organization.pk)}

    def test_hides_foreign_ones_as_if_they_did_not_exist(self, api: Api, owner: Person, outsider: Person) -> None:
        ids = [str(outsider.organization.pk), str(uuid4()), "garbage", "", "0", "x" * 5000, "../admin", "é"]
        clients = [api.as_bearer(owner.token).with_headers(x_organization_id=id) for id in ids]
        answers = [client.get("sessions") for client in clients]
        assert_problem(answers[0], 404, "organization_not_found")
        bodies = [comparable(answer)[:2] for answer in answers]
        assert bodies == [bodies[0]] * len(ids)

    @pytest.mark.parametrize("name", ["acquire", "release"])
    def test_holds_for_every_use(self, api: Api, owner: Person, outsider: Person, license: License, name: str) -> None:
        client = api.as_bearer(outsider.token).with_headers(x_organization_id=str(owner.organization.pk))
        body = {"license_key": license.key_string, "hardware_id": "m", "session_id": str(uuid4())}
        assert_problem(client.post(name, body), 404, "organization_not_found")

    def test_passes_over_deleted_ones(self, api: Api, owner: Person, second: Organization) -> None:
        Organization.objects.filter(pk=owner.organization.pk).update(status=Organization.Status.DELETED)
        client = api.as_bearer(owner.token)
        assert organizations_shown(client) == {str(second.pk)}
        deleted = client.with_headers(x_organization_id=str(owner.organization.pk))
        assert_problem(deleted.get("licenses"), 404, "organization_not_found")

    def test_ends_with_the_membership(self, api: Api, owner: Person, second: Organization) -> None:
        client = api.as_bearer(owner.token).with_headers(x_organization_id=str(second.pk))
        assert client.get("licenses").status == 200
        Membership.objects.filter(organization=second).delete()
        assert_problem(client.get("licenses"), 404, "organization_not_found")

    def test_finds_none_for_a_user_without(self, api: Api) -> None:
        assert_problem(api.as_bearer(log_in(make_user())).get("licenses"), 404, "organization_not_found")
