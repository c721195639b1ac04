"""Endpoints and their deliveries in the database: what is due, in which order, and what cannot be written."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError

from tests.factories import Person
from tests.webhooks.factories import make_delivery, make_endpoint
from webhooks.models import Delivery, Endpoint

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class TestALaneIsDue:
    """A lane is due."""

    def test_from_the_moment_on_that_it_waits_for_the_longest_waiting_first(self, owner: Person) -> None:
        later = make_endpoint(owner.organization, next_attempt_at=NOW)
        first = make_endpoint(owner.organization, next_attempt_at=NOW - SECOND)
        make_endpoint(owner.organization, next_attempt_at=NOW + SECOND)
        make_endpoint(owner.organization)
        assert list(Endpoint.objects.due(at=NOW)) == [first, later]

    def test_not_while_its_endpoint_is_disabled(self, owner: Person) -> None:
        make_endpoint(owner.organization, next_attempt_at=NOW, status="disabled", disabled_reason="gone")
        assert not Endpoint.objects.due(at=NOW).exists()

    def test_not_while_it_is_claimed(self, owner: Person) -> None:
        make_endpoint(owner.organization, next_attempt_at=NOW, claimed_until=NOW + SECOND)
        over = make_endpoint(owner.organization, next_attempt_at=NOW, claimed_until=NOW)
        assert list(Endpoint.objects.due(at=NOW)) == [over]


class TestTheLaneKeepsOrder:
    """The lane keeps order."""

    def test_of_insertion_whatever_the_clock_says(self, owner: Person) -> None:
        endpoint = make_endpoint(owner.organization)
        row = {"endpoint": endpoint, "event_type": "license.created", "created_at": NOW}
        written = [Delivery(event_id=uuid4(), **row) for _ in range(20)]
        Delivery.objects.bulk_create(written)
        last = make_delivery(endpoint, created_at=NOW - SECOND)
        assert list(endpoint.deliveries.in_lane()) == [*written, last]

    def test_and_leaves_out_what_is_done_and_one_shots(self, owner: Person) -> None:
        endpoint = make_endpoint(owner.organization)
        waiting = [make_delivery(endpoint), make_delivery(endpoint, reason="replay")]
        make_delivery(endpoint, status="succeeded", finished_at=NOW)
        shots = [make_delivery(endpoint, reason=reason, next_attempt_at=NOW) for reason in ("test", "redelivery")]
        assert list(endpoint.deliveries.in_lane()) == waiting
        assert list(Delivery.objects.one_shots_due(at=NOW)) == shots
        assert not Delivery.objects.one_shots_due(at=NOW - SECOND).exists()


class TestTheDatabaseRefuses:
    """The database refuses."""

    def test_the_same_event_twice_for_an_endpoint(self, owner: Person) -> None:
        delivery = make_delivery(make_endpoint(owner.organization))
        make_delivery(delivery.endpoint, event_id=delivery.event_id, reason="replay")
        make_delivery(make_endpoint(owner.organization), event_id=delivery.event_id)
        with pytest.raises(IntegrityError, match="one_delivery_per_event"):
            make_delivery(delivery.endpoint, event_id=delivery.event_id)

    @pytest.mark.parametrize(
        "values", [{"status": "failed"}, {"finished_at": NOW}], ids=["an end without its time", "a time without an end"]
    )
    def test_half_an_end(self, owner: Person, values: dict[str, object]) -> None:
        endpoint = make_endpoint(owner.organization)
        with pytest.raises(IntegrityError, match="delivery_ends_once"):
            make_delivery(endpoint, **values)

    @pytest.mark.parametrize(
        "values",
        [{"status": "disabled"}, {"disabled_reason": "gone"}],
        ids=["disabled for no reason", "a reason but enabled"],
    )
    def test_half_a_disabling(self, owner: Person, values: dict[str, object]) -> None:
        with pytest.raises(IntegrityError, match="endpoint_disabled_for_a_reason"):
            make_endpoint(owner.organization, **values)

    @pytest.mark.parametrize(
        "values",
        [{"previous_secret": "sealed"}, {"previous_secret_until": NOW}],
        ids=["a secret without an end", "an end without a secret"],
    )
    def test_half_a_previous_secret(self, owner: Person, values: dict[str, object]) -> None:
        with pytest.raises(IntegrityError, match="endpoint_previous_secret_ends"):
            make_endpoint(owner.organization, **values)
