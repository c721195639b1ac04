"""The log of deliveries is kept for 30 days."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.factories import Person
from tests.webhooks.factories import make_delivery, make_endpoint
from webhooks.models import Attempt, Delivery, Endpoint
from webhooks.services import log
from webhooks.services.log import prune_deliveries

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
OLD = NOW - 30 * DAY - SECOND


@pytest.fixture
def endpoint(owner: Person) -> Endpoint:
    """An endpoint."""
    return make_endpoint(owner.organization)


def ended(endpoint: Endpoint, at: datetime, status: str = "succeeded", **values: Any) -> Delivery:
    """A delivery that ended then, after one try."""
    fresh = {"attempts": 1, "created_at": at, "finished_at": at, "status": status}
    delivery = make_delivery(endpoint, **(fresh | values))
    if delivery.attempts:
        Attempt.objects.create(delivery=delivery, at=at, duration_ms=1, status_code=200)
    return delivery


class TestPruneDeliveries:
    @pytest.mark.parametrize("status", ["succeeded", "failed", "superseded"])
    def test_forgets_what_ended_30_days_ago_with_its_tries(self, endpoint: Endpoint, status: str) -> None:
        ended(endpoint, OLD, status)
        kept = ended(endpoint, NOW - 30 * DAY, status)
        assert prune_deliveries(now=NOW) == 1
        assert Delivery.objects.get() == kept
        assert Attempt.objects.get().delivery == kept

    def test_counts_from_the_end_and_not_from_the_start(self, endpoint: Endpoint) -> None:
        ended(endpoint, NOW - DAY, created_at=OLD)
        assert prune_deliveries(now=NOW) == 0

    def test_keeps_what_is_to_be_sent(self, endpoint: Endpoint) -> None:
        make_delivery(endpoint, created_at=OLD)
        assert prune_deliveries(now=NOW) == 0

    def test_forgets_what_has_waited_as_long_for_a_disabled_endpoint(self, owner: Person) -> None:
        disabled = make_endpoint(owner.organization, status="disabled", disabled_reason="failing")
        make_delivery(disabled, created_at=OLD)
        kept = make_delivery(disabled, created_at=NOW - 30 * DAY)
        assert prune_deliveries(now=NOW) == 1
        assert Delivery.objects.get() == kept

    def test_keeps_for_a_day_what_a_replay_overtook_before_it_was_tried(self, endpoint: Endpoint) -> None:
        ended(endpoint, NOW - DAY - SECOND, "superseded", attempts=0)
        kept = {ended(endpoint, NOW - DAY, "superseded", attempts=0), ended(endpoint, NOW - 2 * DAY, "superseded")}
        assert prune_deliveries(now=NOW) == 1
        assert set(Delivery.objects.all()) == kept

    def test_goes_on_where_more_is_old_than_one_batch_takes(
        self, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(log, "DELIVERIES_PER_BATCH", 2)
        for _ in range(5):
            ended(endpoint, OLD)
        assert prune_deliveries(now=NOW) == 5
        monkeypatch.setattr(log, "BATCHES_PER_RUN", 1)
        for _ in range(5):
            ended(endpoint, OLD)
        assert prune_deliveries(now=NOW) == 2
