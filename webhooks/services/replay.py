"""Events are told again: all of them since a moment, one that was sent, or one made up to see whether anybody listens.

A replay puts its deliveries at the end of the lane, in order, and takes out what was pending of the same events: the
receiver gets them once more from the beginning, and whatever happens from now on after that. One-shots go past the
lane, once and at once.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Min

from accounts.models import Organization
from coditect.errors import Conflict, InvalidInput, LimitExceeded, NotFound
from coditect.jobs import enqueue
from coditect.journal.catalogue import PUBLIC_TYPES
from coditect.journal.models import Event
from coditect.journal.services import record_event
from webhooks.models import EVERY_EVENT, Delivery, Endpoint
from webhooks.services import turns
from webhooks.services.dispatch import DISPATCH_TASK, LANE_TASK
from webhooks.services.endpoints import WebhookNotFound
from webhooks.services.lanes import ONE_SHOT_TASK

REPLAYED, REDELIVERED, TEST = "webhook.replayed", "webhook.redelivered", "webhook.test"
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


class DeliveryNotFound(NotFound):
    """No such delivery to this endpoint."""

    code = "delivery_not_found"
    message = "Delivery not found."


class WebhookDisabled(Conflict):
    """What is disabled is sent nothing, not even what somebody asks for."""

    code = "webhook_disabled"
    message = "The webhook is disabled. Enable it first."


class DeliveryPending(Conflict):
    """It is still to be sent, and after what is before it."""

    code = "delivery_pending"
    message = "The delivery is still to be sent, in its turn."


class ReplayTooLarge(Conflict):
    """So many events are not sent again at once. The details say how many are."""

    code = "replay_too_large"
    message = f"More than {MOST_EVENTS:,} events have happened since then. Replay from a later moment."


class EventForgotten(Conflict):
    """The journal is kept for so long, and no longer."""

    code = "event_forgotten"
    message = "The event is no longer known, so that it cannot be sent again."


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
    endpoint = _lock_enabled(organization, endpoint_id)
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


@transaction.atomic
def redeliver(*, organization: Organization, endpoint_id: UUID, delivery_id: UUID, now: datetime) -> Delivery:
    """Send once more, once and at once, what was sent before; return the new delivery.

    Raises WebhookNotFound, WebhookDisabled, DeliveryNotFound, DeliveryPending, EventForgotten.
    """
    endpoint = _lock_enabled(organization, endpoint_id)
    sent = endpoint.deliveries.filter(pk=delivery_id).first()
    if sent is None:
        raise DeliveryNotFound
    if sent.status == Delivery.Status.PENDING:
        raise DeliveryPending
    # tenancy: the event of a delivery to the organization's endpoint
    event = Event.objects.filter(pk=sent.event_id).first()
    if event is None:
        raise EventForgotten
    data = {"webhook_id": str(endpoint.pk), "delivery_id": str(sent.pk), "event_id": str(event.pk)}
    record_event(REDELIVERED, endpoint, at=now, organization_id=organization.pk, data=data)
    return _send_once(endpoint, event, reason=Delivery.Reason.REDELIVERY, now=now)


@transaction.atomic
def send_test(*, organization: Organization, endpoint_id: UUID, now: datetime) -> Delivery:
    """Send an endpoint, and no other, a `webhook.test`, whatever its filter; return the delivery.

    Raises WebhookNotFound, WebhookDisabled.
    """
    endpoint = _lock_enabled(organization, endpoint_id)
    data = {"webhook_id": str(endpoint.pk)}
    event = record_event(TEST, endpoint, at=now, organization_id=organization.pk, data=data)
    return _send_once(endpoint, event, reason=Delivery.Reason.TEST, now=now)


def types_taken(endpoint: Endpoint) -> Sequence[str]:
    """The public types that an endpoint's filter takes."""
    return sorted(PUBLIC_TYPES if EVERY_EVENT in endpoint.events else PUBLIC_TYPES & set(endpoint.events))


def _lock_enabled(organization: Organization, endpoint_id: UUID) -> Endpoint:
    own = Endpoint.objects.for_organization(organization).filter(pk=endpoint_id)
    endpoint = own.select_for_update(of=("self",), no_key=True).first()
    if endpoint is None:
        raise WebhookNotFound
    if not endpoint.is_enabled:
        raise WebhookDisabled
    return endpoint


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


def _send_once(endpoint: Endpoint, event: Event, *, reason: Delivery.Reason, now: datetime) -> Delivery:
    delivery = Delivery.objects.create(
        endpoint=endpoint,
        event_id=event.pk,
        event_type=event.type,
        reason=reason,
        created_at=now,
        next_attempt_at=now,
    )
    enqueue(ONE_SHOT_TASK, delivery_id=delivery.pk)
    return delivery
