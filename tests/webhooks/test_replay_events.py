"""All events since a moment are sent again, in order, and before whatever happens from now on."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.models import Role
from coditect.errors import LimitExceeded
from coditect.journal.models import Event
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import Person, make_person
from tests.webhooks.factories import make_delivery, make_endpoint
from tests.webhooks.telling import events_in_lane, lane_of, tell
from webhooks.models import Delivery, Endpoint
from webhooks.services import replay as service
from webhooks.services.dispatch import dispatch_events
from webhooks.services.replay import REPLAYS, ReplayTooLarge, replay_events

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOBODYS = UUID("6f9619ff-8b86-4011-b42d-00cf4fc964ff")
REFUSED = {"flat": (400, "validation_failed"), "enveloped": (422, "validation_failed")}


@pytest.fixture
def caller(api: Api, owner: Person) -> Api:
    """The API as the owner of an organization."""
    return api.as_bearer(owner.token)


@pytest.fixture
def now(owner: Person) -> datetime:
    """A day after the organization was made, of which all was dispatched then."""
    dispatch_events(clock=timezone.now)
    return timezone.now() + DAY


@pytest.fixture
def endpoint(owner: Person, now: datetime) -> Endpoint:
    """An endpoint of the owner's organization."""
    return make_endpoint(owner.organization)


@pytest.fixture
def story(owner: Person, now: datetime) -> list[Event]:
    """Four things that happened, the last ones within the hour; all are dispatched."""
    return [tell(owner.organization, at=now - minutes * MINUTE) for minutes in (120, 61, 59, 10)]


def replay(endpoint: Endpoint, since: datetime, *, now: datetime | None = None) -> int:
    """Replay to an endpoint, soon after the moment unless told otherwise."""
    now = now or since + 3 * HOUR
    return replay_events(organization=endpoint.organization, endpoint_id=endpoint.pk, since=since, now=now)


def ask(api: Api, endpoint_id: object, since: object) -> Answer:
    """Have the API replay."""
    return api.post("replay-webhook", {"since": since}, webhook_id=endpoint_id)


def ids(events: Sequence[Event]) -> list[object]:
    """Of events."""
    return [event.pk for event in events]


class TestReplay:
    def test_sends_all_since_then_in_order(self, endpoint: Endpoint, story: list[Event], now: datetime) -> None:
        assert replay(endpoint, now - HOUR) == 2
        assert events_in_lane(endpoint) == ids(story[2:])
        assert {reason for _, reason in lane_of(endpoint)} == {"replay"}

    def test_takes_the_moment_itself_along(self, endpoint: Endpoint, story: list[Event]) -> None:
        assert replay(endpoint, story[1].at) == 3

    def test_goes_by_the_journal_s_order_and_not_by_clocks(
        self, owner: Person, endpoint: Endpoint, now: datetime
    ) -> None:
        told = [tell(owner.organization, at=now - minutes * MINUTE) for minutes in (30, 90, 5, 40)]
        assert replay(endpoint, now - HOUR) == 4
        assert events_in_lane(endpoint) == ids(told)

    def test_sends_what_was_delivered_once_more(self, endpoint: Endpoint, story: list[Event], now: datetime) -> None:
        for event in story:
            make_delivery(endpoint, event_id=event.pk, status="succeeded", finished_at=now)
        assert replay(endpoint, now - HOUR) == 2
        assert Delivery.objects.filter(status="succeeded").count() == 4

    def test_supersedes_what_is_pending_since_then_and_nothing_before(
        self, endpoint: Endpoint, story: list[Event], now: datetime
    ) -> None:
        for event in story:
            make_delivery(endpoint, event_id=event.pk)
        replay(endpoint, now - HOUR)
        assert events_in_lane(endpoint) == ids(story)
        assert [reason for _, reason in lane_of(endpoint)] == ["event", "event", "replay", "replay"]
        superseded = Delivery.objects.filter(status="superseded")
        assert {delivery.event_id for delivery in superseded} == {event.pk for event in story[2:]}
        assert all(delivery.finished_at is not None for delivery in superseded)

    def test_supersedes_an_earlier_replay(self, endpoint: Endpoint, story: list[Event], now: datetime) -> None:
        replay(endpoint, now - HOUR)
        assert replay(endpoint, now - 3 * HOUR) == 4
        assert events_in_lane(endpoint) == ids(story)

    def test_leaves_one_shots_alone(self, endpoint: Endpoint, story: list[Event], now: datetime) -> None:
        for reason in ("redelivery", "test"):
            make_delivery(endpoint, event_id=story[3].pk, reason=reason, next_attempt_at=now)
        replay(endpoint, now - HOUR)
        assert Delivery.objects.one_shots_due(at=now).count() == 2

    def test_leaves_other_endpoints_alone(
        self, owner: Person, outsider: Person, endpoint: Endpoint, story: list[Event], now: datetime
    ) -> None:
        others = [make_endpoint(owner.organization), make_endpoint(outsider.organization)]
        for other in others:
            make_delivery(other, event_id=story[3].pk)
        replay(endpoint, now - HOUR)
        assert [events_in_lane(other) for other in others] == [[story[3].pk]] * 2

    def test_sends_only_the_own_organization_s(
        self, outsider: Person, endpoint: Endpoint, story: list[Event], now: datetime
    ) -> None:
        tell(outsider.organization, at=now)
        replay(endpoint, now - HOUR)
        assert events_in_lane(endpoint) == ids(story[2:])

    def test_sends_what_the_filter_takes_by_now(self, owner: Person, now: datetime) -> None:
        picky = make_endpoint(owner.organization, events=["license.renewed", "member.joined"])
        types = ("license.updated", "license.renewed", "member.joined", "license.revoked")
        told = [tell(owner.organization, event_type, at=now) for event_type in types]
        make_delivery(picky, event_id=told[0].pk)
        assert replay(picky, now - HOUR) == 2
        assert lane_of(picky) == [("license.renewed", "replay"), ("member.joined", "replay")]

    def test_sends_nothing_that_is_not_public(self, owner: Person, endpoint: Endpoint, now: datetime) -> None:
        for event_type in ("license.downloaded", "user.logged_in", "webhook.test"):
            tell(owner.organization, event_type, at=now)
        assert replay(endpoint, now - HOUR) == 0
        assert lane_of(endpoint) == []

    def test_leaves_to_the_dispatcher_what_it_has_not_seen(
        self, owner: Person, endpoint: Endpoint, story: list[Event], now: datetime
    ) -> None:
        new = tell(owner.organization, at=now, dispatched_at=None)
        assert replay(endpoint, now - HOUR) == 2
        dispatch_events(clock=timezone.now)
        assert events_in_lane(endpoint) == ids([*story[2:], new])

    def test_has_the_lane_tried_now(self, endpoint: Endpoint, story: list[Event], now: datetime) -> None:
        Endpoint.objects.filter(pk=endpoint.pk).update(failing_since=now, next_attempt_at=now + DAY)
        assert not Endpoint.objects.due(at=now).exists()
        replay(endpoint, now - HOUR, now=now)
        assert list(Endpoint.objects.due(at=now)) == [endpoint]

    def test_of_nothing_leaves_the_lane_as_it_is(self, endpoint: Endpoint, now: datetime) -> None:
        assert replay(endpoint, now - MINUTE) == 0
        endpoint.refresh_from_db()
        assert endpoint.next_attempt_at is None

    def test_is_written_down(self, endpoint: Endpoint, story: list[Event], now: datetime) -> None:
        replay(endpoint, now - HOUR)
        entry = Event.objects.get(type="webhook.replayed")
        assert (entry.subject_id, entry.organization_id) == (endpoint.pk, endpoint.organization_id)
        assert entry.data["count"] == 2


class TestTooOften:
    def test_is_more_than_ten_an_hour(self, endpoint: Endpoint, story: list[Event], now: datetime) -> None:
        for number in range(REPLAYS):
            replay(endpoint, now - HOUR, now=now + number * MINUTE)
        with pytest.raises(LimitExceeded) as refused:
            replay(endpoint, now - HOUR, now=now + 15 * MINUTE)
        assert refused.value.retry_after == 45 * 60
        assert replay(endpoint, now - HOUR, now=now + HOUR) == 2

    def test_counts_each_webhook_for_itself(self, owner: Person, endpoint: Endpoint, now: datetime) -> None:
        for _ in range(REPLAYS):
            replay(endpoint, now)
        assert replay(make_endpoint(owner.organization), now) == 0

    def test_answers_when_to_come_back(self, caller: Api, endpoint: Endpoint) -> None:
        now = timezone.now()
        for _ in range(REPLAYS):
            replay(endpoint, now, now=now)
        answer = ask(caller, endpoint.pk, now.isoformat())
        assert_problem(answer, 429, "rate_limit_exceeded")
        assert 3500 < int(answer.headers["Retry-After"]) <= 3600


class TestTooMany:
    def test_is_more_than_the_dispatcher_can_wait_for(
        self, endpoint: Endpoint, story: list[Event], now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_delivery(endpoint, event_id=story[3].pk)
        monkeypatch.setattr(service, "MOST_EVENTS", 3)
        with pytest.raises(ReplayTooLarge) as refused:
            replay(endpoint, now - 3 * HOUR)
        assert refused.value.details == {"limit": 3}
        assert lane_of(endpoint) == [("license.created", "event")]
        assert replay(endpoint, story[1].at) == 3

    def test_counts_only_what_the_filter_takes(
        self, owner: Person, story: list[Event], now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(service, "MOST_EVENTS", 3)
        assert replay(make_endpoint(owner.organization, events=["license.renewed"]), now - 3 * HOUR) == 0


class TestAsk:
    def test_answers_how_many(self, caller: Api, owner: Person, endpoint: Endpoint) -> None:
        since = timezone.now()
        told = [tell(owner.organization) for _ in range(2)]
        answer = ask(caller, endpoint.pk, since.isoformat())
        assert (answer.status, answer.data["count"]) == (200, 2)
        # Times in answers have milliseconds.
        assert answer.data["since"][:23] == since.isoformat()[:23]
        assert events_in_lane(endpoint) == ids(told)

    @pytest.mark.parametrize("days", [-31, 1])
    def test_refuses_a_moment_out_of_reach(self, caller: Api, endpoint: Endpoint, days: int) -> None:
        answer = ask(caller, endpoint.pk, (timezone.now() + days * DAY).isoformat())
        assert_problem(answer, *REFUSED[answer.dialect])
        assert list(answer.errors) == ["since"]

    @pytest.mark.parametrize("body", [None, {}, {"since": "soon"}, {"since": None}, {"since": 5}])
    def test_refuses_what_is_no_moment(self, caller: Api, endpoint: Endpoint, body: Any) -> None:
        answer = caller.post("replay-webhook", body, webhook_id=endpoint.pk)
        assert answer.status == 400 or (answer.status, answer.dialect) == (422, "enveloped")

    def test_reaches_30_days_back(self, caller: Api, endpoint: Endpoint) -> None:
        assert ask(caller, endpoint.pk, (timezone.now() - 30 * DAY + MINUTE).isoformat()).status == 200

    def test_refuses_while_disabled(self, caller: Api, endpoint: Endpoint) -> None:
        Endpoint.objects.filter(pk=endpoint.pk).update(status="disabled", disabled_reason="gone")
        assert_problem(ask(caller, endpoint.pk, (timezone.now() - HOUR).isoformat()), 409, "webhook_disabled")
        assert lane_of(endpoint) == []

    def test_is_for_administrators(self, api: Api, owner: Person, outsider: Person, endpoint: Endpoint) -> None:
        since = (timezone.now() - HOUR).isoformat()
        for id in (endpoint.pk, NOBODYS):
            assert_problem(ask(api.as_bearer(outsider.token), id, since), 404, "webhook_not_found")
        for role in (Role.MEMBER, Role.VIEWER):
            colleague = make_person(role, organization=owner.organization)
            assert_problem(ask(api.as_bearer(colleague.token), endpoint.pk, since), 403, "permission_denied")
        assert lane_of(endpoint) == []
