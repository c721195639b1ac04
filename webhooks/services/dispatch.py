"""What happened is queued for whoever listens: a delivery for each endpoint that takes it, in the journal's order.

One dispatcher at a time, and a batch whole or not at all: deliveries and the events' marks are one transaction. What
follows from an event is recorded after that one was committed; so it has the higher number, and no dispatcher sees it
without the other.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Coalesce

from coditect.jobs import enqueue
from coditect.journal.catalogue import PUBLIC_TYPES
from coditect.journal.models import Event
from webhooks.models import Delivery, Endpoint
from webhooks.services import turns

DISPATCH_TASK, LANE_TASK = "webhooks.dispatch_events", "webhooks.deliver_lane"
EVENTS_PER_BATCH = 500
BATCHES_PER_RUN = 200


def dispatch_events(*, clock: Callable[[], datetime]) -> None:
    """Queue what happened until all is queued, or another run is at it.

    The other run looks once more after its turn, and so sees what this one was hinted at: no hint is lost.
    """
    for _ in range(BATCHES_PER_RUN):
        # tenancy: the dispatcher looks at the events of every organization
        if not Event.objects.undispatched().exists() or not _dispatch_batch(now=clock()):
            return


@transaction.atomic
def _dispatch_batch(*, now: datetime) -> bool:
    """Queue the next events; return whether it was our turn."""
    if not turns.take(turns.Turn.DISPATCH):
        return False
    # tenancy: the dispatcher looks at the events of every organization
    events = list(Event.objects.undispatched().only("type", "organization_id")[:EVENTS_PER_BATCH])
    _queue([event for event in events if event.type in PUBLIC_TYPES], now=now)
    # tenancy: the events just read
    Event.objects.filter(pk__in=[event.pk for event in events]).update(dispatched_at=now)
    return True


def _queue(events: Sequence[Event], *, now: datetime) -> None:
    listeners = _listeners({event.organization_id for event in events if event.organization_id})
    deliveries = [
        Delivery(endpoint=endpoint, event_id=event.pk, event_type=event.type, created_at=now)
        for event in events
        for endpoint in listeners[event.organization_id]
        if endpoint.takes(event.type)
    ]
    # The database numbers the positions in the order of this list.
    Delivery.objects.bulk_create(deliveries)
    _wake({delivery.endpoint for delivery in deliveries}, now=now)


def _listeners(organizations: Collection[UUID]) -> dict[UUID | None, list[Endpoint]]:
    listeners: dict[UUID | None, list[Endpoint]] = defaultdict(list)
    # tenancy: each gets the events of its own organization
    for endpoint in Endpoint.objects.enabled().filter(organization__in=organizations):
        listeners[endpoint.organization_id].append(endpoint)
    return listeners


def _wake(endpoints: Collection[Endpoint], *, now: datetime) -> None:
    """Say that lanes have something to send. Rows that say so already are locked, too: their worker may be about to
    find the lane empty, and must not write so after us."""
    # tenancy: those just queued for
    woken = Endpoint.objects.filter(pk__in=[endpoint.pk for endpoint in endpoints])
    woken.update(next_attempt_at=Coalesce("next_attempt_at", Value(now)))
    for endpoint in endpoints:
        if endpoint.failing_since is None:
            enqueue(LANE_TASK, endpoint_id=endpoint.pk)
