"""A receiver that was down for an hour catches up: by itself in time, and at once by a replay."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from coditect.journal.models import Event
from tests.factories import Person
from tests.webhooks.factories import make_endpoint
from tests.webhooks.receiver import Receiver, Reply, receiving
from tests.webhooks.telling import lane_of, tell
from tests.webhooks.working import Clock, ids_of, work
from webhooks.models import Delivery, Endpoint
from webhooks.services.dispatch import dispatch_events
from webhooks.services.enable import enable_endpoint
from webhooks.services.replay import replay_events

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def clock(owner: Person) -> Clock:
    """After all that was told of when the organization was made."""
    clock = Clock(datetime.now(UTC) + MINUTE)
    dispatch_events(clock=clock)
    return clock


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Takes everything, while it is there."""
    with receiving() as (receiver,):
        yield receiver


@pytest.fixture
def endpoint(owner: Person, receiver: Receiver, settings: Settings, clock: Clock) -> Endpoint:
    """An endpoint with that receiver."""
    settings.WEBHOOK_ALLOW_PRIVATE = True
    return make_endpoint(owner.organization, url=receiver.url)


def live(endpoint: Endpoint, clock: Clock, span: timedelta) -> list[Event]:
    """Let time go by: every ten minutes something happens, and every minute the deliverer looks what is due."""
    events, ends, minute = [], clock() + span, 0
    while clock() < ends:
        clock.forward(MINUTE)
        minute += 1
        if minute % 10 == 0:
            events.append(tell(endpoint.organization, at=clock(), dispatched_at=None))
        work(clock, [endpoint])
    return events


def replay(endpoint: Endpoint, since: datetime, clock: Clock) -> int:
    """Ask for all since then, and let the deliverer look what is due."""
    count = replay_events(organization=endpoint.organization, endpoint_id=endpoint.pk, since=since, now=clock())
    clock.forward(SECOND)
    work(clock, [endpoint])
    return count


def take_down(receiver: Receiver) -> None:
    """No answer but an error."""
    receiver.always = Reply(503)


def bring_back(receiver: Receiver) -> None:
    """It forgets what it could not take."""
    receiver.always = Reply()
    receiver.requests.clear()


class TestAfterAnHourOfDowntime:
    """After an hour of downtime"""

    def test_a_replay_brings_all_that_was_missed_at_once_and_in_order(
        self, endpoint: Endpoint, receiver: Receiver, clock: Clock
    ) -> None:
        before = live(endpoint, clock, 30 * MINUTE)
        assert receiver.ids == ids_of(before)
        went_down = clock() + SECOND
        take_down(receiver)
        missed = live(endpoint, clock, HOUR)
        bring_back(receiver)
        work(clock, [endpoint])
        # The next try is not due yet.
        assert receiver.ids == []
        assert replay(endpoint, went_down, clock) == len(missed) == 6
        assert receiver.ids == ids_of(missed)
        after = live(endpoint, clock, 30 * MINUTE)
        assert receiver.ids == ids_of([*missed, *after])
        assert lane_of(endpoint) == []
        endpoint.refresh_from_db()
        assert endpoint.failing_since is None

    def test_without_a_replay_the_next_try_does(self, endpoint: Endpoint, receiver: Receiver, clock: Clock) -> None:
        take_down(receiver)
        missed = live(endpoint, clock, HOUR)
        bring_back(receiver)
        after = live(endpoint, clock, 2 * HOUR)
        assert receiver.ids == ids_of([*missed, *after])

    def test_a_receiver_that_lost_its_memory_gets_what_it_once_had(
        self, endpoint: Endpoint, receiver: Receiver, clock: Clock
    ) -> None:
        began = clock()
        had = live(endpoint, clock, HOUR)
        bring_back(receiver)
        assert replay(endpoint, began, clock) == len(had)
        assert receiver.ids == ids_of(had)

    def test_a_webhook_that_was_disabled_gets_what_was_not_queued_for_it(
        self, endpoint: Endpoint, receiver: Receiver, clock: Clock
    ) -> None:
        receiver.always = Reply(410)
        went_down = clock()
        missed = live(endpoint, clock, HOUR)
        endpoint.refresh_from_db()
        assert endpoint.disabled_reason == "gone"
        assert Delivery.objects.count() == 1
        bring_back(receiver)
        enable_endpoint(endpoint_id=endpoint.pk, now=clock())
        replay(endpoint, went_down, clock)
        assert receiver.ids == ids_of(missed)
