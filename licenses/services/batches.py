"""Batches are ordered, canceled and, long after, forgotten; run_batch.py does what they ask for."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from accounts.models import Organization
from accounts.services.organizations import lock_organization
from coditect.errors import Conflict, InvalidInput, NotFound
from coditect.jobs import enqueue
from coditect.journal.origin import current_origin
from coditect.journal.services import record_event
from licenses import keys as license_keys
from licenses.models import Batch, BatchItem

RUN_TASK = "licenses.run_batches"
MAX_ITEMS = 10_000
# So that no organization fills the worker's table; the next batch can be ordered as soon as one is done.
MAX_UNFINISHED = 10
KEPT = timedelta(days=90)
BATCHES_PER_PRUNE = 100
# An empty key would name nothing; no license has this one.
NO_KEY = "-"
INSERT_ITEMS = """
INSERT INTO licenses_batchitem (batch_id, position, license_id, key_normalized, status, attempts, code, message)
SELECT %(batch)s, position, license_id, COALESCE(key, ''), 'pending', 0, '', ''
FROM unnest(%(ids)s::uuid[], %(keys)s::text[]) WITH ORDINALITY AS wanted (license_id, key, position)
"""
# In one order, so that two who cancel at once wait for each other and not both.
CANCEL_ITEMS = """
UPDATE licenses_batchitem SET status = 'canceled' WHERE id IN (
    SELECT id FROM licenses_batchitem WHERE batch_id = %s AND status = 'pending' ORDER BY id FOR UPDATE
)
"""


class BatchNotFound(NotFound):
    """No such batch in the caller's organization."""

    code = "batch_not_found"
    message = "Batch not found."


class BatchCompleted(Conflict):
    """Nothing is left to cancel."""

    code = "batch_completed"
    message = "The batch is completed: nothing is left to cancel."


class TooManyBatches(Conflict):
    """The organization has enough batches in the works. The details say how many it may have."""

    code = "too_many_batches"
    message = "Too many batches are unfinished. Wait for one to complete, or cancel one."


@transaction.atomic
def create_batch(
    *,
    organization: Organization,
    operation: str,
    now: datetime,
    ids: Sequence[UUID] = (),
    keys: Sequence[str] = (),
    expires_at: datetime | None = None,
    reason: str = "",
) -> Batch:
    """Have the worker do one operation to each of an organization's licenses named by `ids` or by `keys`.

    Raises TooManyBatches, InvalidInput for an expiry that is past.
    """
    if expires_at is not None and expires_at <= now:
        raise InvalidInput("expires_at", "The expiry must lie in the future.")
    _require_room(organization)
    origin = current_origin()
    batch = Batch.objects.create(
        organization=organization,
        operation=operation,
        expires_at=expires_at,
        reason=reason,
        total=len(ids) + len(keys),
        actor_id=origin.user_id,
        api_token_id=origin.api_token_id,
        request_id=origin.request_id,
        created_at=now,
    )
    normalized = [license_keys.normalize(key) or NO_KEY for key in keys]
    with connection.cursor() as cursor:
        cursor.execute(INSERT_ITEMS, {"batch": batch.pk, "ids": list(ids), "keys": normalized})
    record_batch_event("batch.created", batch, at=now)
    enqueue(RUN_TASK)
    return batch


@transaction.atomic
def cancel_batch(*, organization: Organization, batch_id: UUID, now: datetime) -> Batch:
    """Leave undone what is not done yet; what is being done this moment is waited for. Twice is the same as once.

    Items are locked before their batch, as the worker does. Raises BatchNotFound, BatchCompleted.
    """
    batch = Batch.objects.for_organization(organization).filter(pk=batch_id).first()
    if batch is None:
        raise BatchNotFound
    with connection.cursor() as cursor:
        cursor.execute(CANCEL_ITEMS, [batch.pk])
    if finish_batch(batch, status=Batch.Status.CANCELED, now=now):
        record_batch_event("batch.canceled", batch, at=now)
    elif batch.status != Batch.Status.CANCELED:
        raise BatchCompleted
    return batch


def finish_batch(batch: Batch, *, status: Batch.Status, now: datetime) -> bool:
    """Mark a batch as finished, unless it is; return whether we did, and read it anew."""
    unfinished = Batch.objects.filter(pk=batch.pk, finished_at=None)
    is_ours = bool(unfinished.update(status=status, finished_at=now))
    batch.refresh_from_db()
    return is_ours


def record_batch_event(event_type: str, batch: Batch, *, at: datetime) -> None:
    """Write down what happened to a batch; which licenses it names is not repeated here."""
    record_event(
        event_type,
        batch,
        at=at,
        organization_id=batch.organization_id,
        data={
            "batch_id": str(batch.pk),
            "operation": batch.operation,
            "total": batch.total,
            "succeeded": batch.succeeded,
            "failed": batch.failed,
        },
    )


def prune_batches(*, now: datetime) -> int:
    """Forget batches that finished long ago, a bounded number, and return how many there were."""
    # tenancy: old batches of every organization are forgotten
    old = list(Batch.objects.filter(finished_at__lt=now - KEPT).order_by("finished_at")[:BATCHES_PER_PRUNE])
    for batch in old:
        with transaction.atomic():
            BatchItem.objects.filter(batch=batch).delete()
            batch.delete()
    return len(old)


def _require_room(organization: Organization) -> None:
    """Under the organization's lock, so that orders at the same time count each other."""
    lock_organization(organization.pk)
    if Batch.objects.for_organization(organization).unfinished().count() >= MAX_UNFINISHED:
        raise TooManyBatches(max_unfinished=MAX_UNFINISHED)
