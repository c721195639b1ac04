"""The end of old events, by the one way that PostgreSQL leaves open (migration 0003_audit)."""

from datetime import datetime, timedelta

from django.db import connection

# A run deletes in small transactions, so that none meets the time-out; what is left is taken an hour later.
EVENTS_PER_BATCH = 5_000
BATCHES_PER_RUN = 100


def prune_events(*, now: datetime, days: int) -> int:
    """Delete the events that are older than so many days, a bounded number, and return how many there were."""
    before = now - timedelta(days=days)
    total = 0
    for _ in range(BATCHES_PER_RUN):
        with connection.cursor() as cursor:
            cursor.execute("SELECT journal_event_prune(%s, %s)", [before, EVENTS_PER_BATCH])
            (pruned,) = cursor.fetchone()
        total += pruned
        if pruned < EVENTS_PER_BATCH:
            break
    return total
