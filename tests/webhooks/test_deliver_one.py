"""Single deliveries: a test or a redelivery is tried once, at once, past the lane."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from pytest_django import Settings

from coditect.journal.models import Event
from tests.factories import Person
from tests.webhooks.factories import make_delivery, make_endpoint
from tests.webhooks.receiver import Receiver, Reply, receiving
from tests.webhooks.telling import tell
from tests.webhooks.working import Clock, ids_of, work
from webhooks.models import Attempt, Delivery, Endpoint
from webhooks.services import deliver
from webhooks.services.deliver import deliver_one
from webhooks.services.dispatch import dispatch_events
from webhooks.services.lanes import CLAIM
from webhooks.services.send import send_event
from webhooks.tasks import deliver_beside_lane

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def clock() -> Clock:
    """Stands still."""
    return Clock(NOW)


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    """Takes everything."""
    settings.WEBHOOK_ALLOW_PRIVATE = True
    with receiving() as (receiver,):
        yield receiver


@pytest.fixture
def endpoint(owner: Person, receiver: Receiver, clock: Clock) -> Endpoint:
    """An endpoint with that receiver, of an organization in which nothing has happened yet."""
    dispatch_events(clock=clock)
    return make_endpoint(owner.organization, url=receiver.url)


@pytest.fixture
def delivery(endpoint: Endpoint) -> Delivery:
    """A delivery that somebody has asked for."""
    event = tell(endpoint.organization)
    return make_delivery(endpoint, event_id=event.pk, event_type=event.type, reason="redelivery", next_attempt_at=NOW)


class TestDeliverOne:
    def test_tries_it_once(self, receiver: Receiver, delivery: Delivery, clock: Clock) -> None:
        assert deliver_one(delivery_id=delivery.pk, clock=clock)
        assert not deliver_one(delivery_id=delivery.pk, clock=clock)
        delivery.refresh_from_db()
        assert (delivery.status, delivery.attempts, delivery.finished_at) == ("succeeded", 1, NOW)
        assert receiver.ids == [str(delivery.event_id)]
        assert Attempt.objects.get().delivery == delivery

    def test_does_not_try_again_what_failed(self, receiver: Receiver, delivery: Delivery, clock: Clock) -> None:
        receiver.always = Reply(500)
        assert not deliver_one(delivery_id=delivery.pk, clock=clock)
        delivery.refresh_from_db()
        assert (delivery.status, delivery.attempts) == ("failed", 1)
        clock.forward(timedelta(days=1))
        assert not deliver_one(delivery_id=delivery.pk, clock=clock)
        assert len(receiver.requests) == 1

    def test_overtakes_a_lane_that_waits_and_leaves_it_as_it_is(
        self, endpoint: Endpoint, receiver: Receiver, delivery: Delivery, clock: Clock
    ) -> None:
        receiver.always = Reply(500)
        event = tell(endpoint.organization, dispatched_at=None)
        work(clock, [endpoint])
        deliver_one(delivery_id=delivery.pk, clock=clock)
        endpoint.refresh_from_db()
        assert receiver.ids == [*ids_of([event]), str(delivery.event_id)]
        assert (endpoint.failing_since, endpoint.next_attempt_at) == (NOW, NOW + timedelta(seconds=5))

    def test_wakes_a_lane_where_the_receiver_is_back(
        self, endpoint: Endpoint, receiver: Receiver, delivery: Delivery, clock: Clock
    ) -> None:
        receiver.replies = [Reply(500)]
        tell(endpoint.organization, dispatched_at=None)
        work(clock, [endpoint])
        deliver_one(delivery_id=delivery.pk, clock=clock)
        endpoint.refresh_from_db()
        assert (endpoint.failing_since, list(Endpoint.objects.due(at=NOW))) == (None, [endpoint])

    def test_believes_410(self, endpoint: Endpoint, receiver: Receiver, delivery: Delivery, clock: Clock) -> None:
        receiver.always = Reply(410)
        deliver_one(delivery_id=delivery.pk, clock=clock)
        endpoint.refresh_from_db()
        delivery.refresh_from_db()
        assert (endpoint.disabled_reason, delivery.status) == ("gone", "failed")

    def test_sends_nothing_to_who_is_disabled(self, receiver: Receiver, delivery: Delivery, clock: Clock) -> None:
        Endpoint.objects.update(status="disabled", disabled_reason="operator")
        assert not deliver_one(delivery_id=delivery.pk, clock=clock)
        delivery.refresh_from_db()
        assert (delivery.status, receiver.requests) == ("failed", [])

    def test_sends_nothing_that_is_in_a_lane_or_nowhere(
        self, endpoint: Endpoint, receiver: Receiver, clock: Clock
    ) -> None:
        waiting = make_delivery(endpoint)
        assert not deliver_one(delivery_id=waiting.pk, clock=clock)
        assert not deliver_one(delivery_id=uuid4(), clock=clock)
        assert receiver.requests == []

    def test_gives_up_what_the_journal_has_forgotten(
        self, receiver: Receiver, delivery: Delivery, clock: Clock
    ) -> None:
        Delivery.objects.update(event_id=uuid4())
        assert not deliver_one(delivery_id=delivery.pk, clock=clock)
        delivery.refresh_from_db()
        assert (delivery.status, Attempt.objects.get().error) == ("failed", "event_forgotten")

    def test_is_what_the_task_does(self, receiver: Receiver, delivery: Delivery) -> None:
        deliver_beside_lane(delivery_id=str(delivery.pk))
        assert receiver.ids == [str(delivery.event_id)]


class TestAWorkerThatDies:
    """A worker that dies over a single delivery"""

    def test_leaves_it_to_another_in_time(
        self, receiver: Receiver, delivery: Delivery, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def die(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as dying:
            dying.setattr(deliver, "send_event", die)
            with pytest.raises(KeyboardInterrupt):
                deliver_one(delivery_id=delivery.pk, clock=clock)
        clock.forward(CLAIM - SECOND)
        assert not deliver_one(delivery_id=delivery.pk, clock=clock)
        clock.forward(SECOND)
        assert deliver_one(delivery_id=delivery.pk, clock=clock)

    def test_or_comes_late_marks_nothing(
        self, receiver: Receiver, delivery: Delivery, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def sleep(*args: object, **kwargs: object) -> object:
            monkeypatch.setattr(deliver, "send_event", send_event)
            clock.forward(CLAIM)
            assert deliver_one(delivery_id=delivery.pk, clock=clock)
            receiver.always = Reply(500)
            return send_event(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they came

        monkeypatch.setattr(deliver, "send_event", sleep)
        deliver_one(delivery_id=delivery.pk, clock=clock)
        delivery.refresh_from_db()
        assert (delivery.status, delivery.attempts) == ("succeeded", 1)
        assert not Event.objects.filter(type="webhook.disabled").exists()
