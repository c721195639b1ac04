"""A replay beside a lane that is being worked on, and beside the dispatcher: nothing lost, nothing out of order."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone
from pytest_django import Settings

from coditect import jobs
from coditect.journal.models import Event
from tests.factories import Person
from tests.webhooks.factories import make_endpoint
from tests.webhooks.receiver import Receiver, Reply, receiving
from tests.webhooks.telling import events_in_lane, tell
from tests.webhooks.working import half, ids_of
from webhooks.models import Delivery, Endpoint
from webhooks.services import dispatch, replay
from webhooks.services.deliver import deliver_lane
from webhooks.services.dispatch import dispatch_events
from webhooks.services.lanes import hand_out
from webhooks.services.replay import replay_events

# Who waits for whom, seen by whom they wait for.
IS_WAITED_FOR = (
    "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
)
EVENTS, REPLAYS = 60, 6
# Far more than it takes; a lane that stands still fails the test instead of holding it up.
TURNS = 20_000

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Takes everything."""
    with receiving() as (receiver,):
        yield receiver


@pytest.fixture
def began(owner: Person) -> datetime:
    """After all that was told of when the organization was made."""
    dispatch_events(clock=timezone.now)
    return datetime.now(UTC)


@pytest.fixture
def endpoint(owner: Person, receiver: Receiver, settings: Settings, began: datetime) -> Endpoint:
    """An endpoint with that receiver."""
    settings.WEBHOOK_ALLOW_PRIVATE = True
    return make_endpoint(owner.organization, url=receiver.url)


def happen(endpoint: Endpoint, count: int) -> list[Event]:
    """So many events, not dispatched."""
    return [tell(endpoint.organization, dispatched_at=None) for _ in range(count)]


def replay_since(endpoint: Endpoint, since: datetime) -> int:
    """A replay."""
    return replay_events(organization=endpoint.organization, endpoint_id=endpoint.pk, since=since, now=timezone.now())


def deliver(endpoint: Endpoint) -> int:
    """A worker that was hinted at the lane."""
    return deliver_lane(endpoint_id=endpoint.pk, clock=timezone.now, dice=half)


def apart(act: Callable[..., Any], *arguments: Any) -> Any:
    """Do something with connections of its own."""
    try:
        return act(*arguments)
    finally:
        connections.close_all()


def wait_until_waited_for(other: Future[Any]) -> None:
    """Until another waits for our locks, or is through."""
    with connection.cursor() as cursor:
        while not other.done():
            cursor.execute(IS_WAITED_FOR)
            if cursor.fetchone() == (True,):
                return


class TestBesideARunningLane:
    @pytest.mark.parametrize("status", [200, 500])
    def test_goes_on_from_the_beginning_after_what_is_on_its_way(
        self, endpoint: Endpoint, receiver: Receiver, began: datetime, status: int
    ) -> None:
        first = happen(endpoint, 2)
        dispatch_events(clock=timezone.now)
        deliver(endpoint)
        rest = happen(endpoint, 4)
        dispatch_events(clock=timezone.now)
        receiver.replies = [Reply(status)]
        receiver.was_asked.clear()
        receiver.may_answer.clear()
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(apart, deliver, endpoint)
            assert receiver.was_asked.wait(30)
            assert replay_since(endpoint, began) == 6
            receiver.may_answer.set()
            # One worker goes on, after what was on its way, with the replay.
            running.result()
        assert receiver.ids == ids_of([*first, rest[0], *first, *rest])
        statuses = list(Delivery.objects.filter(endpoint=endpoint).values_list("status", flat=True))
        assert {status: statuses.count(status) for status in statuses} == {"succeeded": 8, "superseded": 4}
        endpoint.refresh_from_db()
        assert endpoint.failing_since is None


class TestBesideTheDispatcher:
    def test_waits_until_what_is_being_queued_is(
        self, endpoint: Endpoint, began: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = happen(endpoint, 3)
        dispatch_events(clock=timezone.now)
        rest = happen(endpoint, 3)
        replays: list[Future[int]] = []

        def hint_while_somebody_replays(*args: Any, **kwargs: Any) -> None:
            if not replays:
                replays.append(pool.submit(apart, replay_since, endpoint, began))
                wait_until_waited_for(replays[0])

        # Queued, and not yet committed.
        monkeypatch.setattr(dispatch, "enqueue", hint_while_somebody_replays)
        with ThreadPoolExecutor(1) as pool:
            dispatch_events(clock=timezone.now)
            assert replays[0].result() == 6
        assert events_in_lane(endpoint) == [event.pk for event in (*first, *rest)]

    def test_leaves_what_happens_meanwhile_to_the_next_run(
        self, endpoint: Endpoint, began: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told: list[str] = []
        monkeypatch.setattr(jobs.messenger, "tell", lambda name, _ids: told.append(name))
        events = happen(endpoint, 3)
        dispatch_events(clock=timezone.now)
        write = replay._replay

        def write_while_something_happens(*args: Any, **kwargs: Any) -> int:
            events.extend(happen_apart(endpoint))
            told.clear()
            return write(*args, **kwargs)

        monkeypatch.setattr(replay, "_replay", write_while_something_happens)
        assert replay_since(endpoint, began) == 3
        assert events_in_lane(endpoint) == [event.pk for event in events[:3]]
        # Who came in vain meanwhile is called again.
        assert "webhooks.dispatch_events" in told
        dispatch_events(clock=timezone.now)
        assert events_in_lane(endpoint) == [event.pk for event in events]


def happen_apart(endpoint: Endpoint) -> list[Event]:
    """Something happens elsewhere, and a dispatcher comes."""
    with ThreadPoolExecutor(1) as pool:
        events: list[Event] = pool.submit(apart, happen, endpoint, 1).result()
        pool.submit(apart, dispatch_events_now).result()
    return events


def dispatch_events_now() -> None:
    """One dispatcher."""
    dispatch_events(clock=timezone.now)


class TestAllAtOnce:
    def test_loses_nothing_and_keeps_the_order(self, endpoint: Endpoint, receiver: Receiver, began: datetime) -> None:
        events: list[Event] = []
        is_over = threading.Event()

        def produce() -> None:
            try:
                for _ in range(EVENTS):
                    events.extend(happen(endpoint, 1))
                    dispatch_events(clock=timezone.now)
            finally:
                is_over.set()

        def work() -> None:
            for _ in range(TURNS):
                hand_out(now=timezone.now())
                deliver(endpoint)
                if is_over.is_set() and not events_in_lane(endpoint):
                    return

        with ThreadPoolExecutor(3) as pool:
            running = [pool.submit(apart, act) for act in (produce, work, work)]
            for number in range(REPLAYS):
                while len(receiver.requests) < 8 * (number + 1) and not is_over.is_set():
                    pass
                assert replay_since(endpoint, began if number % 2 else events[len(events) // 2].at) > 0
            for each in running:
                each.result()
        # A replay that had the dispatcher's turn at the very end has only hinted at what it kept waiting.
        dispatch_events_now()
        deliver(endpoint)
        assert_in_order(receiver.ids, ids_of(events), jumps=REPLAYS)


def assert_in_order(seen: Sequence[str], told: Sequence[str], *, jumps: int) -> None:
    """From each event to the next one; and back, as often as somebody asked for that at most."""
    places = [told.index(id) for id in seen]
    assert sorted(set(places)) == list(range(len(told)))
    assert places[0] == 0
    steps = [after - before for before, after in pairwise(places)]
    back = [step for step in steps if step != 1]
    assert all(step < 1 for step in back)
    assert len(back) <= jumps
