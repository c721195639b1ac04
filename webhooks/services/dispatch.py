"""What happened is queued for whoever listens: a delivery for each endpoint that takes it, in the journal's order.

One dispatcher at a time, and a batch whole or not at all: deliveries and the events' marks are one transaction. What
follows from an event is recorded after that one was committed; so it has the higher number, and no dispatcher sees it
without the other.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from coditect.jobs import enqueue
from coditect.journal.catalogue import PUBLIC_TYPES
from coditect.journal.models import Event
from webhooks.models import EVERY_EVENT
from webhooks.services import turns

DISPATCH_TASK, LANE_TASK = "webhooks.dispatch_events", "webhooks.deliver_lane"
EVENTS_PER_BATCH = 500
BATCHES_PER_RUN = 200
# One statement: however busy the process is, the transaction does not wait for it. The database numbers the positions
# in the order of the SELECT. Lanes that wait already are written, too: their worker may be about to find them empty,
# and must not say so after us.
DISPATCH = """
WITH batch AS (
    SELECT id, type, organization_id, number FROM journal_event
    WHERE dispatched_at IS NULL AND number > 0 ORDER BY number LIMIT %(events)s
), marked AS (
    UPDATE journal_event SET dispatched_at = %(now)s WHERE id IN (SELECT id FROM batch)
), queued AS (
    INSERT INTO webhooks_delivery (id, endpoint_id, event_id, event_type, reason, status, attempts, created_at)
    SELECT gen_random_uuid(), endpoint.id, batch.id, batch.type, 'event', 'pending', 0, %(now)s
    FROM batch JOIN webhooks_endpoint AS endpoint USING (organization_id)
    WHERE endpoint.status = 'enabled' AND batch.type = ANY(%(public)s)
        AND endpoint.events && ARRAY[batch.type, %(every)s]::varchar[]
    ORDER BY batch.number
    RETURNING endpoint_id
)
UPDATE webhooks_endpoint SET next_attempt_at = COALESCE(next_attempt_at, %(now)s)
WHERE id IN (SELECT endpoint_id FROM queued)
RETURNING id, failing_since
"""


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
    values: dict[str, Any] = {
        "now": now,
        "events": EVENTS_PER_BATCH,
        "public": list(PUBLIC_TYPES),
        "every": EVERY_EVENT,
    }
    with connection.cursor() as cursor:
        cursor.execute(DISPATCH, values)
        woken = cursor.fetchall()
    for endpoint_id, failing_since in woken:
        if failing_since is None:
            enqueue(LANE_TASK, endpoint_id=endpoint_id)
    return True
