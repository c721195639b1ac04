"""Deleted endpoints are forgotten: those of years have a log that no request has the time to delete.

So are secrets by which nothing is signed any more.
"""

from datetime import datetime

from django.db import transaction

from webhooks.models import Attempt, Endpoint

# A run deletes in small transactions, so that none meets the time-out; what is left is taken an hour later.
DELIVERIES_PER_BATCH = 1_000
BATCHES_PER_RUN = 100


def forget_deleted_endpoints() -> None:
    """Delete what is left of deleted endpoints, a bounded number of deliveries first; several runs share the work."""
    for _ in range(BATCHES_PER_RUN):
        if not _forget_batch():
            return


def forget_previous_secrets(*, now: datetime) -> None:
    """Delete the secrets whose overlap with the present ones is over."""
    # tenancy: the worker forgets those of every organization
    over = Endpoint.objects.filter(previous_secret_until__lte=now)
    over.update(previous_secret="", previous_secret_until=None)


@transaction.atomic
def _forget_batch() -> bool:
    """Delete some of one endpoint's log, or the endpoint once that is empty; return whether there was any."""
    # tenancy: the worker forgets what every organization has deleted
    endpoint = Endpoint.objects.deleted().select_for_update(skip_locked=True).order_by("deleted_at").first()
    if endpoint is None:
        return False
    ids = list(endpoint.deliveries.values_list("pk", flat=True)[:DELIVERIES_PER_BATCH])
    Attempt.objects.filter(delivery__in=ids).delete()
    endpoint.deliveries.filter(pk__in=ids).delete()
    if not ids:
        endpoint.delete()
    return True
