"""A lane: what waits for an endpoint is sent in order, again until it arrives or is given up, by one worker."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError
from pytest_django import Settings
from standardwebhooks import Webhook

from coditect import jobs
from coditect.encryption import encrypt
from coditect.journal.models import Event, Mail
from tests.factories import Person
from tests.webhooks.factories import SECRET, make_endpoint
from tests.webhooks.receiver import Receiver, Reply, receiving
from tests.webhooks.telling import events_in_lane, tell
from tests.webhooks.working import Clock, half, ids_of, work
from webhooks.models import Attempt, Delivery, Endpoint
from webhooks.services import deliver
from webhooks.services.deliver import RUN, deliver_lane
from webhooks.services.dispatch import dispatch_events
from webhooks.services.enable import enable_endpoint
from webhooks.services.lanes import CLAIM, claim_lane
from webhooks.services.outcome import BACK_OFF, TRIES
from webhooks.services.send import send_event

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
FAILS = Reply(500, body=b"no")


@pytest.fixture
def clock() -> Clock:
    """Stands still."""
    return Clock(NOW)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Takes everything."""
    with receiving() as (receiver,):
        yield receiver


@pytest.fixture
def endpoint(owner: Person, receiver: Receiver, settings: Settings, clock: Clock) -> Endpoint:
    """An endpoint with that receiver, of an organization in which nothing has happened yet."""
    settings.WEBHOOK_ALLOW_PRIVATE = True
    dispatch_events(clock=clock)
    return make_endpoint(owner.organization, url=receiver.url)


def happen(endpoint: Endpoint, count: int = 1) -> list[Event]:
    """So many events, queued for an endpoint."""
    events = [tell(endpoint.organization, at=NOW - number * HOUR, dispatched_at=None) for number in range(count)]
    dispatch_events(clock=lambda: NOW)
    return events


def run(endpoint: Endpoint, clock: Clock) -> int:
    """One worker."""
    return deliver_lane(endpoint_id=endpoint.pk, clock=clock, dice=half)


class TestDeliverLane:
    def test_sends_all_that_waits_in_order(self, endpoint: Endpoint, receiver: Receiver, clock: Clock) -> None:
        events = happen(endpoint, 20)
        assert run(endpoint, clock) == 20
        assert receiver.ids == ids_of(events)
        assert [body["id"] for body in receiver.bodies] == ids_of(events)
        assert events_in_lane(endpoint) == []

    def test_signs_each_try(self, endpoint: Endpoint, receiver: Receiver, clock: Clock) -> None:
        clock.now = datetime.now(UTC)
        happen(endpoint)
        run(endpoint, clock)
        (headers, body) = receiver.requests[0]
        assert Webhook(SECRET).verify(body, headers)["type"] == "license.updated"

    def test_signs_with_the_previous_secret_while_it_counts(
        self, endpoint: Endpoint, receiver: Receiver, clock: Clock
    ) -> None:
        other = "whsec_" + "b3RoZXIh" * 5 + "c2U="
        endpoint.previous_secret = encrypt(other, context=endpoint.context)
        endpoint.previous_secret_until = clock.now + SECOND
        endpoint.save()
        for until in (clock.now + SECOND, clock.now):
            endpoint.previous_secret_until = until
            endpoint.save()
            happen(endpoint)
            run(endpoint, clock)
        signatures = [headers["webhook-signature"].split() for headers, _ in receiver.requests]
        assert [len(two_or_one) for two_or_one in signatures] == [2, 1]

    def test_writes_down_what_came_of_it(self, endpoint: Endpoint, receiver: Receiver, clock: Clock) -> None:
        receiver.replies = [FAILS]
        happen(endpoint)
        work(clock, [endpoint])
        clock.forward(BACK_OFF[0])
        work(clock, [endpoint])
        delivery = Delivery.objects.get()
        assert (delivery.status, delivery.attempts, delivery.finished_at) == ("succeeded", 2, clock.now)
        tries = Attempt.objects.order_by("at").values_list("at", "status_code", "error", "response_start")
        assert list(tries) == [(NOW, 500, "not_accepted", "no"), (clock.now, 200, "", "taken")]

    def test_lets_the_lane_go(self, endpoint: Endpoint, receiver: Receiver, clock: Clock) -> None:
        happen(endpoint)
        run(endpoint, clock)
        endpoint.refresh_from_db()
        assert (endpoint.claim, endpoint.claimed_until, endpoint.next_attempt_at) == (None, None, None)

    def test_does_nothing_where_nothing_waits(self, endpoint: Endpoint, receiver: Receiver, clock: Clock) -> None:
        assert run(endpoint, clock) == 0
        assert deliver_lane(endpoint_id=uuid4(), clock=clock) == 0
        assert receiver.requests == []

    def test_sends_nothing_to_who_is_disabled(self, endpoint: Endpoint, receiver: Receiver, clock: Clock) -> None:
        happen(endpoint)
        claim = claim_lane(endpoint_id=endpoint.pk, now=clock.now)
        Endpoint.objects.update(status="disabled", disabled_reason="operator")
        assert run(endpoint, clock) == 0
        assert deliver_lane(endpoint_id=endpoint.pk, claim=claim, clock=clock) == 0
        assert receiver.requests == []
        assert len(events_in_lane(endpoint)) == 1

    def test_gives_others_their_turn_after_a_while(
        self, endpoint: Endpoint, receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        events = happen(endpoint, 3)

        def take_long(*args: object, **kwargs: object) -> object:
            clock.forward(RUN)
            return send_event(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they came

        monkeypatch.setattr(deliver, "send_event", take_long)
        assert run(endpoint, clock) == 1
        endpoint.refresh_from_db()
        assert (endpoint.claim, list(Endpoint.objects.due(at=clock.now))) == (None, [endpoint])
        assert run(endpoint, clock) == 1
        assert receiver.ids == ids_of(events[:2])


class TestFailure:
    def test_holds_up_all_that_comes_after(self, endpoint: Endpoint, receiver: Receiver, clock: Clock) -> None:
        events = happen(endpoint, 3)
        receiver.replies = [Reply(), FAILS]
        work(clock, [endpoint])
        assert receiver.ids == ids_of(events[:2])
        work(clock, [endpoint])
        clock.forward(BACK_OFF[0] - SECOND)
        events += happen(endpoint)
        work(clock, [endpoint])
        assert receiver.ids == ids_of(events[:2])
        clock.forward(SECOND)
        work(clock, [endpoint])
        assert receiver.ids == ids_of([events[0], events[1], *events[1:]])

    def test_is_followed_by_the_same_id_with_a_new_time(
        self, endpoint: Endpoint, receiver: Receiver, clock: Clock
    ) -> None:
        receiver.replies = [FAILS]
        happen(endpoint)
        for _ in range(2):
            work(clock, [endpoint])
            clock.forward(BACK_OFF[0])
        (first, body), (second, again) = receiver.requests
        assert (first["webhook-id"], body) == (second["webhook-id"], again)
        assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 5

    def test_ends_after_ten_tries_and_the_lane_goes_on(
        self, endpoint: Endpoint, receiver: Receiver, clock: Clock
    ) -> None:
        receiver.replies = [FAILS] * TRIES
        events = happen(endpoint, 2)
        for wait in BACK_OFF:
            work(clock, [endpoint])
            clock.forward(wait)
        work(clock, [endpoint])
        first, second = Delivery.objects.order_by("position")
        assert (first.status, first.attempts, second.status) == ("failed", TRIES, "pending")
        work(clock, [endpoint])
        assert receiver.ids == ids_of([events[0]] * TRIES + [events[1]])
        endpoint.refresh_from_db()
        assert endpoint.failing_since is None

    @pytest.mark.parametrize("status", [429, 503])
    def test_with_retry_after_is_not_tried_before(
        self, endpoint: Endpoint, receiver: Receiver, clock: Clock, status: int
    ) -> None:
        receiver.replies = [Reply(status, (("Retry-After", "3600"),))]
        happen(endpoint)
        work(clock, [endpoint])
        clock.forward(HOUR - SECOND)
        work(clock, [endpoint])
        assert len(receiver.requests) == 1
        clock.forward(SECOND)
        work(clock, [endpoint])
        assert len(receiver.requests) == 2

    def test_of_a_connection_is_like_any_other(self, endpoint: Endpoint, receiver: Receiver, clock: Clock) -> None:
        port = receiver.server_address[1]
        receiver.close()
        events = happen(endpoint)
        work(clock, [endpoint])
        assert Attempt.objects.get().error == "connect_failed"
        with_it_back = Receiver(port=port)
        try:
            clock.forward(BACK_OFF[0])
            work(clock, [endpoint])
            assert with_it_back.ids == ids_of(events)
        finally:
            with_it_back.close()

    def test_in_our_own_house_is_like_any_other(
        self, endpoint: Endpoint, receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        events = happen(endpoint)
        with monkeypatch.context() as broken:
            broken.setattr("webhooks.services.send.body_of", lambda _event: 1 / 0)
            work(clock, [endpoint])
        assert (Attempt.objects.get().error, receiver.requests) == ("internal_error", [])
        clock.forward(BACK_OFF[0])
        work(clock, [endpoint])
        assert receiver.ids == ids_of(events)

    def test_of_the_database_is_no_try(
        self, endpoint: Endpoint, receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def break_down(_event: Event) -> bytes:
            raise DatabaseError

        events = happen(endpoint)
        with monkeypatch.context() as broken:
            broken.setattr("webhooks.services.send.body_of", break_down)
            with pytest.raises(DatabaseError):
                run(endpoint, clock)
        assert not Attempt.objects.exists()
        clock.forward(CLAIM)
        run(endpoint, clock)
        assert receiver.ids == ids_of(events)

    def test_to_find_the_event_holds_up_nothing(self, endpoint: Endpoint, receiver: Receiver, clock: Clock) -> None:
        events = happen(endpoint, 2)
        Delivery.objects.filter(event_id=events[0].pk).update(event_id=uuid4())
        run(endpoint, clock)
        assert receiver.ids == ids_of(events[1:])
        assert list(Delivery.objects.order_by("position").values_list("status", flat=True)) == ["failed", "succeeded"]
        endpoint.refresh_from_db()
        assert endpoint.failing_since is None


class TestTheEndOfAnEndpoint:
    def test_is_what_410_says(self, endpoint: Endpoint, receiver: Receiver, clock: Clock) -> None:
        receiver.replies = [Reply(410)]
        events = happen(endpoint, 2)
        work(clock, [endpoint])
        endpoint.refresh_from_db()
        assert (endpoint.status, endpoint.disabled_reason, endpoint.claim) == ("disabled", "gone", None)
        assert Event.objects.filter(type="webhook.disabled", subject_id=endpoint.pk).count() == 1
        assert Mail.objects.filter(template="webhook_disabled").count() == 1
        clock.forward(DAY)
        work(clock, [endpoint])
        assert len(receiver.requests) == 1
        assert events_in_lane(endpoint) == [event.pk for event in events]

    def test_leaves_what_is_pending_for_when_it_is_enabled(
        self, endpoint: Endpoint, receiver: Receiver, clock: Clock
    ) -> None:
        receiver.replies = [Reply(410)]
        events = happen(endpoint, 2)
        work(clock, [endpoint])
        happen(endpoint)
        enable_endpoint(endpoint_id=endpoint.pk, now=clock.now)
        work(clock, [endpoint])
        assert receiver.ids == ids_of([events[0], *events])

    def test_comes_after_five_days_of_failure(self, endpoint: Endpoint, receiver: Receiver, clock: Clock) -> None:
        receiver.always = FAILS
        happen(endpoint, 3)
        for _ in range(5 * 24):
            work(clock, [endpoint])
            clock.forward(HOUR)
        endpoint.refresh_from_db()
        assert (endpoint.status, endpoint.failing_since) == ("enabled", NOW)
        clock.forward(DAY)
        work(clock, [endpoint])
        endpoint.refresh_from_db()
        assert (endpoint.status, endpoint.disabled_reason) == ("disabled", "failing")
        assert Mail.objects.filter(template="webhook_disabled").count() == 1

    def test_is_put_off_by_one_success(self, endpoint: Endpoint, receiver: Receiver, clock: Clock) -> None:
        happen(endpoint, 2)
        receiver.replies = [FAILS, Reply(), FAILS]
        for _ in range(2):
            work(clock, [endpoint])
            clock.forward(5 * DAY)
        endpoint.refresh_from_db()
        assert (endpoint.status, endpoint.failing_since) == ("enabled", clock.now - 5 * DAY)


@pytest.mark.django_db(transaction=True)
class TestHints:
    def test_are_given_to_itself_where_more_waits(
        self,
        owner: Person,
        receiver: Receiver,
        endpoint: Endpoint,
        clock: Clock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        happen(endpoint, 2)
        told: list[str] = []
        monkeypatch.setattr(jobs.messenger, "tell", lambda name, ids: told.append(json.dumps([name, ids])))
        monkeypatch.setattr(deliver, "RUN", timedelta())
        run(endpoint, clock)
        assert told == [json.dumps(["webhooks.deliver_lane", {"endpoint_id": str(endpoint.pk)}])]
