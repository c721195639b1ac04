"""The log of deliveries is kept for 30 days."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from webhooks.models import Attempt, Delivery, Endpoint

KEPT = timedelta(days=30)
# A replay that was overtaken by the next one leaves many rows, of which nothing is to be told.
KEPT_UNTRIED = timedelta(days=1)
# A run deletes in small transactions, so that none meets the time-out; what is left is taken an hour later.
DELIVERIES_PER_BATCH = 1_000
BATCHES_PER_RUN = 100


def prune_deliveries(*, now: datetime) -> int:
    """Forget deliveries that ended long ago, a bounded number, and return how many there were.

    With them goes what has waited as long for an endpoint to be enabled again: no replay would reach back so far.
    """
    total = 0
    for _ in range(BATCHES_PER_RUN):
        pruned = _prune_batch(now=now)
        total += pruned
        if pruned < DELIVERIES_PER_BATCH:
            break
    return total


@transaction.atomic
def _prune_batch(*, now: datetime) -> int:
    ended = Q(finished_at__lt=now - KEPT)
    untried = Q(status=Delivery.Status.SUPERSEDED, attempts=0, finished_at__lt=now - KEPT_UNTRIED)
    stranded = Q(status=Delivery.Status.PENDING, endpoint__status=Endpoint.Status.DISABLED, created_at__lt=now - KEPT)
    # tenancy: old deliveries of every organization are forgotten
    old = list(Delivery.objects.filter(ended | untried | stranded).values_list("pk", flat=True)[:DELIVERIES_PER_BATCH])
    Attempt.objects.filter(delivery__in=old).delete()
    # tenancy: those just chosen
    Delivery.objects.filter(pk__in=old).delete()
    return len(old)
