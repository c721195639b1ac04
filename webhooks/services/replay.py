"""All events since a moment are told again.

A replay puts its deliveries at the end of the lane, in order, and takes out what was pending of the same events: the
receiver gets them once more from the beginning, and whatever happens from now on after that.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Min

from accounts.models import Organization
from coditect.errors import Conflict, InvalidInput, LimitExceeded
from coditect.jobs import enqueue
from coditect.journal.catalogue import PUBLIC_TYPES
from coditect.journal.models import Event
from coditect.journal.services import record_event
from webhooks.models import EVERY_EVENT, Endpoint
from webhooks.services import turns
from webhooks.services.dispatch import DISPATCH_TASK, LANE_TASK
from webhooks.services.lock import lock_enabled

REPLAYED = "webhook.replayed"
FURTHEST = timedelta(days=30)
# Each writes a row for each event, while the dispatcher waits: nobody's replay is to hold up the others' events.
REPLAYS, REPLAYS_WITHIN = 10, timedelta(hours=1)
MOST_EVENTS = 50_000
SUPERSEDE = """
UPDATE webhooks_delivery AS delivery SET status = 'superseded', finished_at = %(now)s
FROM journal_event AS event
WHERE delivery.endpoint_id = %(endpoint)s AND delivery.status = 'pending' AND delivery.reason IN ('event', 'replay')
    AND event.id = delivery.event_id AND event.number >= %(first)s
"""
# The positions are drawn after the events are sorted.
REPLAY = """
INSERT INTO webhooks_delivery (id, endpoint_id, event_id, event_type, reason, status, attempts, created_at)
SELECT gen_random_uuid(), %(endpoint)s, id, type, 'replay', 'pending', 0, %(now)s
FROM journal_event
WHERE organization_id = %(organization)s AND number >= %(first)s AND type = ANY(%(types)s)
    AND dispatched_at IS NOT NULL
ORDER BY number
"""


class ReplayTooLarge(Conflict):
    """So many events are not sent again at once. The details say how many are."""

    code = "replay_too_large"
    message = f"More than {MOST_EVENTS:,} events have happened since then. Replay from a later moment."


@transaction.atomic
def replay_events(*, organization: Organization, endpoint_id: UUID, since: datetime, now: datetime) -> int:
    """Have all of an organization's events since a moment sent again to an endpoint that takes them; return how many.

    What has not been dispatched yet comes after them, by itself. Raises WebhookNotFound, WebhookDisabled,
    InvalidInput for a moment that lies more than 30 days back or ahead, LimitExceeded, ReplayTooLarge.
    """
    _require_near(since, now=now)
    # Before the row's lock, as the dispatcher does; whoever wanted the turn meanwhile is asked to come back.
    turns.await_turn(turns.Turn.DISPATCH)
    enqueue(DISPATCH_TASK)
    endpoint = lock_enabled(organization, endpoint_id)
    _require_patience(endpoint, now=now)
    first = _first_since(organization, since)
    count = 0 if first is None else _replay(endpoint, first=first, now=now)
    data = {"webhook_id": str(endpoint.pk), "since": since.isoformat(), "count": count}
    record_event(REPLAYED, endpoint, at=now, organization_id=organization.pk, data=data)
    if count:
        endpoint.next_attempt_at = now
        endpoint.save(update_fields=["next_attempt_at"])
        enqueue(LANE_TASK, endpoint_id=endpoint.pk)
    return count


def types_taken(endpoint: Endpoint) -> Sequence[str]:
    """The public types that an endpoint's filter takes."""
    return sorted(PUBLIC_TYPES if EVERY_EVENT in endpoint.events else PUBLIC_TYPES & set(endpoint.events))


def _require_near(since: datetime, *, now: datetime) -> None:
    if since > now:
        raise InvalidInput("since", "This lies in the future.")
    if since < now - FURTHEST:
        raise InvalidInput("since", f"Replays go back {FURTHEST.days} days at most.")


def _require_patience(endpoint: Endpoint, *, now: datetime) -> None:
    """Counted in the audit, under the endpoint's lock."""
    replayed = Event.objects.for_organization(endpoint.organization_id).filter(type=REPLAYED, subject_id=endpoint.pk)
    recent = list(replayed.filter(at__gt=now - REPLAYS_WITHIN).order_by("at").values_list("at", flat=True))
    if len(recent) >= REPLAYS:
        ends = recent[-REPLAYS] + REPLAYS_WITHIN
        wait = max(1, round((ends - now).total_seconds()))
        raise LimitExceeded(limit=REPLAYS, retry_after=wait, reset_at=int(ends.timestamp()))


def _first_since(organization: Organization, since: datetime) -> int | None:
    """The number of the first event since a moment; what happened before there were numbers is told to nobody."""
    events = Event.objects.for_organization(organization.pk).filter(at__gte=since, number__gt=0)
    first: int | None = events.aggregate(first=Min("number"))["first"]
    return first


def _replay(endpoint: Endpoint, *, first: int, now: datetime) -> int:
    _require_few(endpoint, first=first)
    values: dict[str, Any] = {
        "endpoint": endpoint.pk,
        "organization": endpoint.organization_id,
        "first": first,
        "types": list(types_taken(endpoint)),
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(SUPERSEDE, values)
        cursor.execute(REPLAY, values)
        return int(cursor.rowcount)


def _require_few(endpoint: Endpoint, *, first: int) -> None:
    events = Event.objects.for_organization(endpoint.organization_id).filter(number__gte=first)
    if events.filter(type__in=types_taken(endpoint))[: MOST_EVENTS + 1].count() > MOST_EVENTS:
        raise ReplayTooLarge(limit=MOST_EVENTS)
