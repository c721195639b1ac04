"""One event is sent again, or one made up to see whether anybody listens: once, at once, and past the lane."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Organization
from coditect.errors import Conflict, NotFound
from coditect.jobs import enqueue
from coditect.journal.models import Event
from coditect.journal.services import record_event
from webhooks.models import Delivery, Endpoint
from webhooks.services.lanes import ONE_SHOT_TASK
from webhooks.services.lock import lock_enabled

REDELIVERED, TEST = "webhook.redelivered", "webhook.test"


class DeliveryNotFound(NotFound):
    """No such delivery to this endpoint."""

    code = "delivery_not_found"
    message = "Delivery not found."


class DeliveryPending(Conflict):
    """It is still to be sent, and after what is before it."""

    code = "delivery_pending"
    message = "The delivery is still to be sent, in its turn."


class EventForgotten(Conflict):
    """The journal is kept for so long, and no longer."""

    code = "event_forgotten"
    message = "The event is no longer known, so that it cannot be sent again."


@transaction.atomic
def redeliver(*, organization: Organization, endpoint_id: UUID, delivery_id: UUID, now: datetime) -> Delivery:
    """Send once more, once and at once, what was sent before; return the new delivery.

    Raises WebhookNotFound, WebhookDisabled, DeliveryNotFound, DeliveryPending, EventForgotten.
    """
    endpoint = lock_enabled(organization, endpoint_id)
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
    endpoint = lock_enabled(organization, endpoint_id)
    data = {"webhook_id": str(endpoint.pk)}
    event = record_event(TEST, endpoint, at=now, organization_id=organization.pk, data=data)
    return _send_once(endpoint, event, reason=Delivery.Reason.TEST, now=now)


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
