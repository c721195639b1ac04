"""Claims: a lane is one worker's at a time, whoever dies, sleeps or comes late."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections, transaction
from django.utils import timezone
from pytest_django import Settings

from coditect import jobs
from tests.factories import Person
from tests.licenses.test_batch_workers import wait_for_a_lock
from tests.webhooks.factories import make_delivery, make_endpoint
from tests.webhooks.receiver import Receiver, Reply, receiving
from tests.webhooks.telling import events_in_lane, tell
from tests.webhooks.working import Clock, half, ids_of
from webhooks import sender
from webhooks.models import Attempt, Delivery, Endpoint
from webhooks.services import deliver, lanes, turns
from webhooks.services.deliver import deliver_lane
from webhooks.services.dispatch import dispatch_events
from webhooks.services.lanes import CLAIM, FAILING_AT_ONCE, claim_lane, hand_out

SECOND = timedelta(seconds=1)
PATIENCE_SECONDS = 30
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clock() -> Clock:
    """Stands still."""
    return Clock(timezone.now())


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    """Takes everything, unless it hangs."""
    settings.WEBHOOK_ALLOW_PRIVATE = True
    with receiving() as (receiver,):
        yield receiver


@pytest.fixture
def endpoint(owner: Person, receiver: Receiver, clock: Clock) -> Endpoint:
    """An endpoint with that receiver."""
    dispatch_events(clock=clock)
    return make_endpoint(owner.organization, url=receiver.url)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Workers beside this one."""
    with ThreadPoolExecutor(8) as pool:
        yield pool


def happen(endpoint: Endpoint, count: int, clock: Clock) -> list[str]:
    """So many events, queued for an endpoint; their ids."""
    events = [tell(endpoint.organization, dispatched_at=None) for _ in range(count)]
    dispatch_events(clock=clock)
    return ids_of(events)


def run(endpoint: Endpoint, clock: Clock) -> int:
    """One worker, with connections of its own where it has a thread of its own."""
    try:
        return deliver_lane(endpoint_id=endpoint.pk, clock=clock, dice=half)
    finally:
        if threading.current_thread() is not threading.main_thread():
            connections.close_all()


def begin(pool: ThreadPoolExecutor, endpoint: Endpoint, clock: Clock, receiver: Receiver) -> "Future[int]":
    """A worker who waits for the answer to the first delivery."""
    receiver.may_answer.clear()
    running = pool.submit(run, endpoint, clock)
    assert receiver.was_asked.wait(PATIENCE_SECONDS)
    return running


class TestALane:
    """A lane"""

    def test_is_one_workers_at_a_time(
        self, endpoint: Endpoint, receiver: Receiver, clock: Clock, pool: ThreadPoolExecutor
    ) -> None:
        ids = happen(endpoint, 3, clock)
        first = begin(pool, endpoint, clock, receiver)
        clock.forward(CLAIM - SECOND)
        assert [pool.submit(run, endpoint, clock).result() for _ in range(3)] == [0, 0, 0]
        receiver.may_answer.set()
        first.result()
        assert receiver.ids[:3] == ids[: len(receiver.ids)]
        run(endpoint, clock)
        assert receiver.ids == ids

    def test_is_sent_once_by_eight_workers(
        self, endpoint: Endpoint, receiver: Receiver, clock: Clock, pool: ThreadPoolExecutor
    ) -> None:
        ids = happen(endpoint, 30, clock)
        for running in [pool.submit(run, endpoint, clock) for _ in range(8)]:
            running.result()
        assert receiver.ids == ids
        assert events_in_lane(endpoint) == []

    def test_of_a_worker_that_died_is_anothers_when_the_claim_is_over(
        self, endpoint: Endpoint, receiver: Receiver, clock: Clock
    ) -> None:
        ids = happen(endpoint, 2, clock)
        assert claim_lane(endpoint_id=endpoint.pk, now=clock.now)
        clock.forward(CLAIM - SECOND)
        assert run(endpoint, clock) == 0
        clock.forward(SECOND)
        assert run(endpoint, clock) == 2
        assert receiver.ids == ids

    def test_keeps_its_claim_from_try_to_try(
        self, endpoint: Endpoint, receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        happen(endpoint, 4, clock)
        left, send = [], sender.send
        monkeypatch.setattr(deliver, "RUN", 10 * CLAIM)

        def take_long(*args: object, **kwargs: object) -> object:
            endpoint.refresh_from_db()
            assert endpoint.claimed_until is not None
            left.append(endpoint.claimed_until - clock.now)
            clock.forward(CLAIM - SECOND)
            return send(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they came

        monkeypatch.setattr(sender, "send", take_long)
        run(endpoint, clock)
        assert left == [CLAIM] * 4

    def test_that_was_found_empty_while_something_was_queued_is_woken(
        self, endpoint: Endpoint, receiver: Receiver, clock: Clock, pool: ThreadPoolExecutor
    ) -> None:
        ids = happen(endpoint, 1, clock)
        first = begin(pool, endpoint, clock, receiver)
        ids += happen(endpoint, 1, clock)
        receiver.may_answer.set()
        first.result()
        endpoint.refresh_from_db()
        assert receiver.ids == ids
        assert endpoint.next_attempt_at is None
        ids += happen(endpoint, 1, clock)
        assert list(Endpoint.objects.due(at=clock.now)) == [endpoint]

    def test_is_not_let_go_as_empty_by_who_looked_before_something_was_queued(
        self, endpoint: Endpoint, receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        happen(endpoint, 1, clock)
        has_looked, let_go = threading.Event(), lanes.let_go
        pool = ThreadPoolExecutor(1)

        def queue() -> list[str]:
            try:
                has_looked.wait(PATIENCE_SECONDS)
                return happen(endpoint, 1, clock)
            finally:
                connections.close_all()

        queueing = pool.submit(queue)

        def let_go_late(locked: Endpoint) -> None:
            # Whoever queues now has to wait for our lock to wake the lane, and does so after us.
            has_looked.set()
            wait_for_a_lock()
            let_go(locked)

        with monkeypatch.context() as slow:
            slow.setattr(lanes, "let_go", let_go_late)
            run(endpoint, clock)
        ids = queueing.result()
        pool.shutdown()
        assert list(Endpoint.objects.due(at=clock.now)) == [endpoint]
        run(endpoint, clock)
        assert receiver.ids[1:] == ids


class TestAPausedWorker:
    """A paused worker, whose lane went on without it,"""

    @pytest.fixture
    def paused(
        self, endpoint: Endpoint, receiver: Receiver, clock: Clock, pool: ThreadPoolExecutor
    ) -> Iterator["Future[int]"]:
        """It waits for an answer to the first of two deliveries until the test lets it."""
        happen(endpoint, 2, clock)
        receiver.replies = [Reply(500)]
        yield begin(pool, endpoint, clock, receiver)
        receiver.may_answer.set()

    def test_marks_nothing(self, endpoint: Endpoint, receiver: Receiver, clock: Clock, paused: "Future[int]") -> None:
        clock.forward(CLAIM)
        claim = claim_lane(endpoint_id=endpoint.pk, now=clock.now)
        assert claim
        receiver.may_answer.set()
        assert paused.result() == 0
        endpoint.refresh_from_db()
        assert (endpoint.claim, endpoint.failing_since) == (claim, None)
        assert not Attempt.objects.exists()
        assert set(Delivery.objects.values_list("status", "attempts")) == {("pending", 0)}

    def test_sends_nothing_more(
        self, endpoint: Endpoint, receiver: Receiver, clock: Clock, paused: "Future[int]"
    ) -> None:
        receiver.replies = []
        clock.forward(CLAIM)
        assert claim_lane(endpoint_id=endpoint.pk, now=clock.now)
        receiver.may_answer.set()
        assert paused.result() == 0
        assert len(receiver.requests) == 1

    def test_whose_lane_nobody_took_has_still_done_its_work(
        self, endpoint: Endpoint, receiver: Receiver, clock: Clock, paused: "Future[int]"
    ) -> None:
        receiver.replies = []
        clock.forward(2 * CLAIM)
        receiver.may_answer.set()
        paused.result()
        assert Delivery.objects.filter(status="succeeded").count() >= 1

    def test_does_not_send_when_it_wakes_before_the_send(
        self, endpoint: Endpoint, receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        happen(endpoint, 1, clock)
        seconds = iter([1000.0, 1000.0 + CLAIM.total_seconds()])
        monkeypatch.setattr(deliver, "monotonic", lambda: next(seconds))
        assert run(endpoint, clock) == 0
        assert receiver.requests == []
        assert Attempt.objects.get().error == "timed_out"


class TestHandOut:
    """Handed out are"""

    @pytest.fixture
    def told(self, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, str]]]:
        """The hints that are given."""
        told: list[tuple[str, dict[str, str]]] = []
        monkeypatch.setattr(jobs.messenger, "tell", lambda name, ids: told.append((name, ids)))
        return told

    def test_lanes_that_are_due_though_no_hint_arrived(
        self, endpoint: Endpoint, clock: Clock, told: list[tuple[str, dict[str, str]]]
    ) -> None:
        happen(endpoint, 1, clock)
        told.clear()
        hand_out(now=clock.now)
        assert told == [("webhooks.deliver_lane", {"endpoint_id": str(endpoint.pk)})]

    def test_lanes_that_fail_with_their_claim_and_so_many_at_once(
        self, owner: Person, clock: Clock, told: list[tuple[str, dict[str, str]]]
    ) -> None:
        values = {"failing_since": clock.now, "next_attempt_at": clock.now}
        for _ in range(FAILING_AT_ONCE + 4):
            make_endpoint(owner.organization, **values)
        told.clear()
        hand_out(now=clock.now)
        hand_out(now=clock.now)
        assert len(told) == FAILING_AT_ONCE
        claims = {str(pk): str(claim) for pk, claim in Endpoint.objects.exclude(claim=None).values_list("pk", "claim")}
        assert {ids["endpoint_id"]: ids["claim"] for _, ids in told} == claims
        clock.forward(CLAIM)
        hand_out(now=clock.now)
        assert len(told) == 2 * FAILING_AT_ONCE

    def test_no_lanes_that_fail_by_a_hint_alone(self, endpoint: Endpoint, receiver: Receiver, clock: Clock) -> None:
        happen(endpoint, 1, clock)
        Endpoint.objects.update(failing_since=clock.now)
        assert run(endpoint, clock) == 0
        hand_out(now=clock.now)
        endpoint.refresh_from_db()
        assert deliver_lane(endpoint_id=endpoint.pk, claim=endpoint.claim, clock=clock) == 1

    def test_single_deliveries_that_are_due(
        self, endpoint: Endpoint, clock: Clock, told: list[tuple[str, dict[str, str]]]
    ) -> None:
        due = make_delivery(endpoint, reason="test", next_attempt_at=clock.now)
        make_delivery(endpoint, reason="redelivery", next_attempt_at=clock.now + SECOND)
        hand_out(now=clock.now)
        assert told == [("webhooks.deliver_one", {"delivery_id": str(due.pk)})]

    def test_things_by_one_at_a_time(
        self, endpoint: Endpoint, clock: Clock, told: list[tuple[str, dict[str, str]]], pool: ThreadPoolExecutor
    ) -> None:
        happen(endpoint, 1, clock)
        told.clear()

        def hand_out_apart() -> None:
            try:
                hand_out(now=clock.now)
            finally:
                connections.close_all()

        with transaction.atomic():
            assert turns.take(turns.Turn.HAND_OUT)
            pool.submit(hand_out_apart).result()
        assert told == []
