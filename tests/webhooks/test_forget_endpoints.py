"""Deleted endpoints are forgotten with their logs, a little at a time; secrets when they sign no more."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.factories import Person
from tests.webhooks.factories import make_delivery, make_endpoint
from webhooks.models import Attempt, Delivery, Endpoint
from webhooks.services import forget
from webhooks.services.forget import forget_deleted_endpoints, forget_previous_secrets
from webhooks.tasks import prune_old_deliveries

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


def make_log(endpoint: Endpoint, deliveries: int) -> None:
    """Deliveries with a try each."""
    for _ in range(deliveries):
        Attempt.objects.create(delivery=make_delivery(endpoint), at=NOW, duration_ms=5, status_code=200)


def delete(endpoint: Endpoint) -> None:
    """As a request leaves it."""
    deleted = {"deleted_at": NOW, "status": "disabled", "disabled_reason": "customer", "secret": ""}
    Endpoint.objects.filter(pk=endpoint.pk).update(**deleted)


class TestForgetDeletedEndpoints:
    def test_leaves_nothing_of_them_and_all_of_others(self, owner: Person) -> None:
        kept, *others = (make_endpoint(owner.organization) for _ in range(3))
        for endpoint in (kept, *others):
            make_log(endpoint, 3)
        for endpoint in others:
            delete(endpoint)
        prune_old_deliveries()
        assert list(Endpoint.objects.all()) == [kept]
        assert (Delivery.objects.count(), Attempt.objects.count()) == (3, 3)

    def test_is_bounded(self, owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(forget, "DELIVERIES_PER_BATCH", 2)
        monkeypatch.setattr(forget, "BATCHES_PER_RUN", 2)
        endpoint = make_endpoint(owner.organization)
        make_log(endpoint, 5)
        delete(endpoint)
        forget_deleted_endpoints()
        assert (Endpoint.objects.count(), Delivery.objects.count()) == (1, 1)
        forget_deleted_endpoints()
        assert not Endpoint.objects.exists()


class TestForgetPreviousSecrets:
    def test_waits_for_the_end_of_the_overlap(self, owner: Person) -> None:
        endpoint = make_endpoint(owner.organization, previous_secret="sealed", previous_secret_until=NOW)
        forget_previous_secrets(now=NOW - timedelta(seconds=1))
        endpoint.refresh_from_db()
        assert (endpoint.previous_secret, endpoint.previous_secret_until) == ("sealed", NOW)
        forget_previous_secrets(now=NOW)
        endpoint.refresh_from_db()
        assert (endpoint.previous_secret, endpoint.previous_secret_until) == ("", None)
        assert endpoint.secret
