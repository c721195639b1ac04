"""Batches: ordered, run, and what came of them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.utils import timezone

from coditect.journal.models import Event
from licenses.models import Batch, BatchItem, License
from licenses.services.batches import cancel_batch, create_batch
from licenses.services.run_batch import act_on_item, run_batches
from tests.factories import Person, make_license

NOBODYS = UUID("6f9619ff-8b86-4011-b42d-00cf4fc964ff")


def make_licenses(person: Person, count: int) -> list[License]:
    """Licenses of the person's organization."""
    return [make_license(person.organization) for _ in range(count)]


def order(person: Person, operation: str, licenses: Sequence[License] = (), **more: Any) -> Batch:
    """A batch of a person's organization, by the licenses' ids unless told otherwise."""
    if "keys" not in more:
        more.setdefault("ids", [license.pk for license in licenses])
    return create_batch(organization=person.organization, operation=operation, now=timezone.now(), **more)


def run() -> None:
    """What the worker does when the beat asks for it."""
    run_batches(clock=timezone.now)


def do_one(batch: Batch) -> None:
    """One item of a batch, and no more."""
    act_on_item(batch, now=timezone.now())


def cancel(batch: Batch) -> Batch:
    """Cancel it, as its organization."""
    return cancel_batch(organization=batch.organization, batch_id=batch.pk, now=timezone.now())


def statuses(licenses: Sequence[License]) -> list[str]:
    """What licenses are by now."""
    return [License.objects.get(pk=license.pk).status for license in licenses]


def counts(batch: Batch) -> tuple[str, int, int]:
    """Where a batch stands: status, succeeded, failed."""
    batch.refresh_from_db()
    return batch.status, batch.succeeded, batch.failed


def outcomes(batch: Batch) -> list[tuple[str, str]]:
    """How it went with each item, in their order: status and code."""
    return list(BatchItem.objects.filter(batch=batch).order_by("position").values_list("status", "code"))


def happened(event_type: str, subjects: Sequence[License | Batch]) -> int:
    """How often something happened to these."""
    return Event.objects.filter(type=event_type, subject_id__in=[subject.pk for subject in subjects]).count()
