"""Two administrators at once."""

from collections.abc import Callable

import pytest

from coditect.encryption import decrypt
from coditect.journal.models import Event
from tests.accounts.test_last_owner_races import at_once
from tests.dialects import Answer, Api
from tests.factories import Person, make_person
from tests.webhooks.factories import SECRET, URL, make_endpoint
from webhooks.models import Endpoint
from webhooks.services.endpoints import MAX_ENDPOINTS

ROUNDS = 2
each_round = pytest.mark.parametrize("number", range(ROUNDS))


@pytest.fixture
def one(transactional_db: None) -> Person:
    """The owner of an organization."""
    return make_person()


def create(person: Person) -> Callable[[], Answer]:
    """Makes an endpoint when it is called."""
    return lambda: Api("flat", person.token).post("webhooks", {"url": URL, "events": ["*"]})


@each_round
class TestTwoAtOnce:
    def test_make_no_more_than_ten(self, one: Person, number: int) -> None:
        for _ in range(MAX_ENDPOINTS - 1):
            make_endpoint(one.organization)
        other = make_person("admin", organization=one.organization)
        assert sorted(at_once(create(one), create(other), create(one))) == [201, 409, 409]
        assert Endpoint.objects.for_organization(one.organization).count() == MAX_ENDPOINTS

    def test_rotations_follow_each_other(self, one: Person, number: int) -> None:
        endpoint, texts = make_endpoint(one.organization), []

        def rotate() -> Answer:
            answer = Api("flat", one.token).post("rotate-webhook-secret", webhook_id=endpoint.pk)
            texts.append(answer.data["secret"])
            return answer

        assert at_once(rotate, rotate) == [201, 201]
        endpoint.refresh_from_db()
        left = {decrypt(sealed, context=endpoint.context) for sealed in (endpoint.secret, endpoint.previous_secret)}
        assert left == set(texts)
        assert SECRET not in left

    def test_delete_it_once(self, one: Person, number: int) -> None:
        endpoint = make_endpoint(one.organization)
        api = Api("flat", one.token)
        statuses = at_once(*[lambda: api.delete("webhook", webhook_id=endpoint.pk)] * 2)
        assert sorted(statuses) == [200, 404]
        assert Event.objects.filter(type="webhook.deleted").count() == 1

    def test_leave_no_endpoint_behind_a_deleted_organization(self, one: Person, number: int) -> None:
        organization = one.organization

        def close() -> Answer:
            answer = Api("flat", one.token).delete("organization", organization_id=organization.pk)
            assert answer.status == 200
            return answer

        statuses = at_once(close, create(one))
        assert statuses[0] == 200
        assert statuses[1] in {201, 404}
        assert not Endpoint.objects.existing().exists()
