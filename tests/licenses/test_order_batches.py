"""Batches are ordered, canceled and forgotten, by the services."""

from datetime import timedelta

import pytest
from django.utils import timezone

from coditect.errors import InvalidInput
from licenses.models import Batch, BatchItem, License
from licenses.services import batches
from licenses.services.batches import (
    KEPT,
    MAX_UNFINISHED,
    BatchCompleted,
    BatchNotFound,
    TooManyBatches,
    cancel_batch,
    prune_batches,
)
from tests.factories import Person
from tests.licenses.batches import (
    NOBODYS,
    cancel,
    counts,
    do_one,
    happened,
    make_licenses,
    order,
    outcomes,
    run,
    statuses,
)

A_DAY = timedelta(days=1)


class TestOrderBatch:
    def test_is_refused_while_too_many_are_unfinished(self, owner: Person, outsider: Person, license: License) -> None:
        unfinished = [order(owner, "validate", [license]) for _ in range(MAX_UNFINISHED)]
        with pytest.raises(TooManyBatches):
            order(owner, "validate", [license])
        assert order(outsider, "validate", [license])
        cancel(unfinished[0])
        assert order(owner, "validate", [license])

    def test_is_refused_with_an_expiry_that_is_past(self, owner: Person, license: License) -> None:
        with pytest.raises(InvalidInput):
            order(owner, "renew", [license], expires_at=timezone.now() - A_DAY)

    def test_keeps_the_order_of_what_was_sent(self, owner: Person) -> None:
        licenses = make_licenses(owner, 3)
        batch = order(owner, "validate", [licenses[2], licenses[0], licenses[1]])
        found = BatchItem.objects.filter(batch=batch).order_by("position").values_list("position", "license_id")
        assert list(found) == [(1, licenses[2].pk), (2, licenses[0].pk), (3, licenses[1].pk)]

    def test_takes_the_largest_batch(self, owner: Person) -> None:
        batch = order(owner, "validate", ids=[NOBODYS] * 10_000)
        assert (batch.total, BatchItem.objects.filter(batch=batch).count()) == (10_000, 10_000)


class TestCancelBatch:
    def test_leaves_undone_what_is_not_done_yet(self, owner: Person) -> None:
        licenses = make_licenses(owner, 3)
        batch = order(owner, "suspend", licenses)
        do_one(batch)
        canceled = cancel(batch)
        assert (canceled.status, canceled.finished_at is not None) == ("canceled", True)
        run()
        assert (counts(batch), outcomes(batch)) == (
            ("canceled", 1, 0),
            [("succeeded", ""), ("canceled", ""), ("canceled", "")],
        )
        assert statuses(licenses) == ["suspended", "active", "active"]
        assert happened("batch.completed", [batch]) == 0

    def test_twice_is_the_same_as_once(self, owner: Person, license: License) -> None:
        batch = order(owner, "suspend", [license])
        assert cancel(batch).finished_at == cancel(batch).finished_at
        assert happened("batch.canceled", [batch]) == 1

    def test_comes_too_late_for_a_completed_one(self, owner: Person, license: License) -> None:
        batch = order(owner, "suspend", [license])
        run()
        with pytest.raises(BatchCompleted):
            cancel(batch)
        assert counts(batch) == ("completed", 1, 0)

    def test_knows_no_batch_of_strangers(self, owner: Person, outsider: Person, license: License) -> None:
        batch = order(owner, "suspend", [license])
        with pytest.raises(BatchNotFound):
            cancel_batch(organization=outsider.organization, batch_id=batch.pk, now=timezone.now())
        assert counts(batch) == ("queued", 0, 0)


class TestForgetBatches:
    def test_takes_what_finished_long_ago(self, owner: Person, license: License) -> None:
        old, recent, unfinished = (order(owner, "validate", [license]) for _ in range(3))
        now = timezone.now()
        Batch.objects.filter(pk=old.pk).update(finished_at=now - KEPT - A_DAY)
        Batch.objects.filter(pk=recent.pk).update(finished_at=now - KEPT + A_DAY)
        Batch.objects.filter(pk=unfinished.pk).update(created_at=now - 2 * KEPT)
        assert prune_batches(now=now) == 1
        assert set(Batch.objects.all()) == {recent, unfinished}
        assert BatchItem.objects.count() == 2

    def test_takes_a_bounded_number(self, owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(batches, "BATCHES_PER_PRUNE", 1)
        for _ in range(2):
            order(owner, "validate", ids=[NOBODYS])
        Batch.objects.update(finished_at=timezone.now() - 2 * KEPT)
        assert [prune_batches(now=timezone.now()) for _ in range(3)] == [1, 1, 0]
