"""Batches are run: a few items of each in turn, so that none of them waits for another to end.

An item is claimed, done and settled in one transaction, that of its effect: whatever dies in between, it happens once.
Runs at the same time pass over each other's items.
"""

import logging
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce

from coditect.errors import DomainError, Unavailable
from coditect.journal.origin import acting_from
from licenses.models import Batch, BatchItem
from licenses.services.batch_items import Outcome, claim_items, license_id_of, settle_items
from licenses.services.batch_verdicts import judge_items
from licenses.services.batches import finish_batch, record_batch_event
from licenses.services.life import reinstate_license, renew_license, suspend_license

logger = logging.getLogger(__name__)
Clock = Callable[[], datetime]
# From one beat to the next: one run follows the other, and the worker's other threads stay free.
RUN = timedelta(seconds=settings.BATCH_SECONDS)
BATCHES_PER_RUN = 100
VALIDATIONS_PER_TURN = 1000
ACTIONS_PER_TURN = 20
# What an outage prevented is tried again; after so many times the item is given up, so that its batch can end.
ATTEMPTS = 5
OUTAGES = (DatabaseError, Unavailable)


class GivenUp(Unavailable):
    """Outages prevented an item at every try."""

    message = "The service was unavailable whenever this was tried. Nothing was changed."


class Broken(DomainError):
    """A defect of ours prevented an item."""

    code = "internal_error"
    message = "Something went wrong on our side. Nothing was changed."


Action = Callable[[Batch, UUID, datetime], object]
# Each finds the license in the batch's organization alone: it could be transferred to a stranger this moment.
ACTIONS: Mapping[str, Action] = {
    Batch.Operation.SUSPEND: lambda batch, license_id, now: suspend_license(
        license_id=license_id, within=batch.organization, reason=batch.reason, now=now
    ),
    Batch.Operation.REINSTATE: lambda batch, license_id, now: reinstate_license(
        license_id=license_id, within=batch.organization, reason=batch.reason, now=now
    ),
    Batch.Operation.RENEW: lambda batch, license_id, now: renew_license(
        license_id=license_id, within=batch.organization, expires_at=batch.expires_at, reason=batch.reason, now=now
    ),
}


def run_batches(*, clock: Clock) -> None:
    """Take turns with all unfinished batches, until none has work that is not in hand elsewhere, or time is up."""
    ends = clock() + RUN
    # tenancy: the worker serves every organization
    waiting = deque(Batch.objects.unfinished().select_related("organization")[:BATCHES_PER_RUN])
    while waiting and clock() < ends:
        batch = waiting.popleft()
        try:
            if take_turn(batch, clock=clock):
                waiting.append(batch)
        except Exception as error:  # noqa: BLE001 (whatever went wrong with one batch, the others must be served)
            # Only the error's name: its text may quote a key.
            logger.warning("batch %s rests until the next run: %s", batch.pk, type(error).__name__)


def take_turn(batch: Batch, *, clock: Clock) -> bool:
    """Do some of a batch's items, or complete it where nothing is left; return whether there may be more to do."""
    with acting_from(batch.origin):
        _begin(batch, now=clock())
        if batch.operation == Batch.Operation.VALIDATE:
            has_more = validate_items(batch, now=clock())
        else:
            has_more = all(act_on_item(batch, now=clock()) for _ in range(ACTIONS_PER_TURN))
        if not has_more:
            _complete(batch, now=clock())
        return has_more


@transaction.atomic
def validate_items(batch: Batch, *, now: datetime) -> bool:
    """Validate many items at once; return whether there were any."""
    items = claim_items(batch, at_most=VALIDATIONS_PER_TURN)
    settle_items(batch, judge_items(batch, items, now=now))
    return bool(items)


def act_on_item(batch: Batch, *, now: datetime) -> bool:
    """Do the batch's operation to the license of one item; return whether there was one.

    Raises what an outage raises: the item is tried again, after those that were not tried yet.
    """
    items: list[BatchItem] = []
    try:
        with transaction.atomic():
            items = claim_items(batch, at_most=1)
            settle_items(batch, {item.pk: _act(batch, item, now=now) for item in items})
    except OUTAGES:
        for item in items:
            BatchItem.objects.filter(pk=item.pk).update(attempts=F("attempts") + 1)
        raise
    return bool(items)


def _act(batch: Batch, item: BatchItem, *, now: datetime) -> Outcome:
    """In a savepoint of its own: a refusal leaves nothing, and neither does a defect."""
    if item.attempts >= ATTEMPTS:
        return Outcome.refused(GivenUp())
    try:
        with transaction.atomic():
            ACTIONS[batch.operation](batch, license_id_of(batch, item, now=now), now)
    except OUTAGES:
        raise
    except DomainError as refusal:
        return Outcome.refused(refusal)
    except Exception as error:  # noqa: BLE001 (a defect must not keep the batch from its end)
        name = type(error).__name__
        logger.error("item %d of batch %s: %s", item.position, batch.pk, name)  # noqa: TRY400 (a trace may quote a key)
        return Outcome.refused(Broken())
    return Outcome()


def _begin(batch: Batch, *, now: datetime) -> None:
    """A turn that fails counts as one, too: those who wait longer come first at the next run."""
    unfinished = Batch.objects.filter(pk=batch.pk, finished_at=None)
    unfinished.update(status=Batch.Status.RUNNING, started_at=Coalesce("started_at", Value(now)), served_at=now)


@transaction.atomic
def _complete(batch: Batch, *, now: datetime) -> None:
    """Finish a batch, unless another run still has items of it in hand; whoever is last finishes it."""
    pending = BatchItem.objects.filter(batch=batch, status=BatchItem.Status.PENDING)
    if not pending.exists() and finish_batch(batch, status=Batch.Status.COMPLETED, now=now):
        record_batch_event("batch.completed", batch, at=now)
