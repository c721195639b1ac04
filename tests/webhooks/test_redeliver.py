"""One event is sent again, or a test event for the first time: once, and past the lane."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from accounts.models import Role
from coditect.journal.models import Event
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import Person, make_person
from tests.webhooks.factories import make_delivery, make_endpoint
from tests.webhooks.telling import events_in_lane, tell
from webhooks.models import Delivery, Endpoint

NOBODYS = UUID("6f9619ff-8b86-4011-b42d-00cf4fc964ff")


@pytest.fixture
def caller(api: Api, owner: Person) -> Api:
    """The API as the owner of an organization."""
    return api.as_bearer(owner.token)


@pytest.fixture
def endpoint(owner: Person) -> Endpoint:
    """An endpoint of the owner's organization."""
    return make_endpoint(owner.organization)


@pytest.fixture
def sent(owner: Person, endpoint: Endpoint) -> Delivery:
    """A delivery that was given up."""
    event = tell(owner.organization, "license.renewed")
    return make_delivery(
        endpoint, event_id=event.pk, event_type=event.type, status="failed", attempts=10, finished_at=timezone.now()
    )


def redeliver(api: Api, delivery: Delivery, **path: Any) -> Answer:
    """Ask for it again."""
    ids = {"webhook_id": delivery.endpoint_id, "delivery_id": delivery.pk} | path
    return api.post("redeliver", **ids)


def one_shots() -> list[Delivery]:
    """What is to be sent now, past the lanes."""
    return list(Delivery.objects.one_shots_due(at=timezone.now()))


def disable(endpoint: Endpoint) -> None:
    """As its administrator."""
    Endpoint.objects.filter(pk=endpoint.pk).update(status="disabled", disabled_reason="customer")


class TestRedeliver:
    def test_sends_the_same_event_now(self, caller: Api, sent: Delivery) -> None:
        answer = redeliver(caller, sent)
        (shot,) = one_shots()
        assert answer.status == 201
        assert answer.data["id"] == str(shot.pk) != str(sent.pk)
        assert (answer.data["status"], answer.data["reason"], answer.data["attempts"]) == ("pending", "redelivery", [])
        assert answer.data["event_id"] == str(shot.event_id) == str(sent.event_id)
        assert (shot.event_type, shot.endpoint_id) == ("license.renewed", sent.endpoint_id)

    def test_leaves_the_lane_and_the_first_delivery_alone(
        self, caller: Api, endpoint: Endpoint, sent: Delivery
    ) -> None:
        waiting = make_delivery(endpoint)
        redeliver(caller, sent)
        sent.refresh_from_db()
        assert (sent.status, sent.attempts) == ("failed", 10)
        assert events_in_lane(endpoint) == [waiting.event_id]

    def test_is_written_down(self, caller: Api, owner: Person, sent: Delivery) -> None:
        redeliver(caller, sent)
        entry = Event.objects.get(type="webhook.redelivered")
        assert (entry.actor_id, entry.organization_id) == (owner.user_id, owner.organization.pk)
        assert entry.data["delivery_id"] == str(sent.pk)

    @pytest.mark.parametrize("status", ["succeeded", "failed", "superseded"])
    def test_takes_whatever_has_ended(self, caller: Api, sent: Delivery, status: str) -> None:
        Delivery.objects.filter(pk=sent.pk).update(status=status)
        assert redeliver(caller, sent).status == 201

    def test_refuses_what_comes_in_its_turn(self, caller: Api, owner: Person, endpoint: Endpoint) -> None:
        waiting = make_delivery(endpoint, event_id=tell(owner.organization).pk)
        assert_problem(redeliver(caller, waiting), 409, "delivery_pending")
        assert one_shots() == []

    def test_refuses_an_event_that_is_forgotten(self, caller: Api, endpoint: Endpoint) -> None:
        old = make_delivery(endpoint, event_id=uuid4(), status="succeeded", finished_at=timezone.now())
        assert_problem(redeliver(caller, old), 409, "event_forgotten")
        assert one_shots() == []

    def test_refuses_while_disabled(self, caller: Api, sent: Delivery) -> None:
        disable(sent.endpoint)
        assert_problem(redeliver(caller, sent), 409, "webhook_disabled")
        assert one_shots() == []

    def test_knows_only_the_own_webhook_s_deliveries(self, caller: Api, owner: Person, sent: Delivery) -> None:
        another = make_endpoint(owner.organization)
        assert_problem(redeliver(caller, sent, delivery_id=NOBODYS), 404, "delivery_not_found")
        assert_problem(redeliver(caller, sent, webhook_id=another.pk), 404, "delivery_not_found")
        assert one_shots() == []

    def test_is_for_administrators(self, api: Api, owner: Person, outsider: Person, sent: Delivery) -> None:
        assert_problem(redeliver(api.as_bearer(outsider.token), sent), 404, "webhook_not_found")
        for role in (Role.MEMBER, Role.VIEWER):
            colleague = make_person(role, organization=owner.organization)
            assert_problem(redeliver(api.as_bearer(colleague.token), sent), 403, "permission_denied")
        assert one_shots() == []

    def test_happens_once_for_one_key(self, caller: Api, sent: Delivery) -> None:
        careful = caller.with_headers(idempotency_key="again")
        first, second = redeliver(careful, sent), redeliver(careful, sent)
        assert first.data["id"] == second.data["id"]
        assert len(one_shots()) == 1


class TestTryOut:
    def test_sends_a_test_event_to_this_endpoint_alone(self, caller: Api, owner: Person, endpoint: Endpoint) -> None:
        make_endpoint(owner.organization)
        answer = caller.post("test-webhook", webhook_id=endpoint.pk)
        (shot,) = one_shots()
        event = Event.objects.get(pk=shot.event_id)
        assert answer.status == 201
        assert (answer.data["id"], answer.data["reason"]) == (str(shot.pk), "test")
        assert (shot.endpoint_id, shot.event_type) == (endpoint.pk, "webhook.test")
        assert (event.type, event.organization_id, event.actor_id) == (
            "webhook.test",
            owner.organization.pk,
            owner.user_id,
        )
        assert event.data == {"webhook_id": str(endpoint.pk)}
        assert Delivery.objects.count() == 1

    def test_does_so_whatever_the_filter(self, caller: Api, owner: Person) -> None:
        endpoint = make_endpoint(owner.organization, events=["license.created"])
        assert caller.post("test-webhook", webhook_id=endpoint.pk).status == 201

    def test_goes_past_the_lane(self, caller: Api, endpoint: Endpoint) -> None:
        waiting = make_delivery(endpoint)
        caller.post("test-webhook", webhook_id=endpoint.pk)
        assert events_in_lane(endpoint) == [waiting.event_id]

    def test_refuses_while_disabled(self, caller: Api, endpoint: Endpoint) -> None:
        disable(endpoint)
        assert_problem(caller.post("test-webhook", webhook_id=endpoint.pk), 409, "webhook_disabled")
        assert not Event.objects.filter(type="webhook.test").exists()

    def test_is_for_administrators(self, api: Api, owner: Person, outsider: Person, endpoint: Endpoint) -> None:
        stranger = api.as_bearer(outsider.token)
        assert_problem(stranger.post("test-webhook", webhook_id=endpoint.pk), 404, "webhook_not_found")
        member = api.as_bearer(make_person(Role.MEMBER, organization=owner.organization).token)
        assert_problem(member.post("test-webhook", webhook_id=endpoint.pk), 403, "permission_denied")
        assert one_shots() == []
