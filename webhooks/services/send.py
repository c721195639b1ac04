"""One try: an event's body, signed for an endpoint, and what the receiver answered."""

import logging
from datetime import datetime
from typing import Final

from django.db import Error as DatabaseError

from coditect.encryption import decrypt
from coditect.journal.models import Event
from webhooks import sender
from webhooks.models import Attempt, Delivery, Endpoint
from webhooks.payloads import body_of
from webhooks.sender import Answer
from webhooks.signing import headers_for

logger = logging.getLogger(__name__)
# Nothing is left to send: the journal has forgotten the event.
FORGOTTEN: Final = "event_forgotten"
FAULT: Final = "internal_error"


def send_event(delivery: Delivery, *, now: datetime, seconds: float) -> Answer:
    """Try a delivery, for so many seconds at most. Raises what the database raises, and nothing else."""
    # tenancy: the event was chosen for its own organization's endpoint
    event = Event.objects.filter(pk=delivery.event_id).first()
    if event is None:
        return Answer(error=FORGOTTEN)
    try:
        body = body_of(event)
        headers = headers_for(body, message_id=str(event.pk), secrets=_secrets(delivery.endpoint, now=now), now=now)
        return sender.send(delivery.endpoint.url, body, headers, deadline=seconds)
    except DatabaseError:
        raise
    except Exception as error:  # noqa: BLE001 (whatever is wrong with one event, its lane must not stand still)
        # Only the error's name: its text may quote a secret.
        logger.warning("event %s was not sent to %s: %s", event.pk, delivery.endpoint_id, type(error).__name__)
        return Answer(error=FAULT)


def note_attempt(delivery: Delivery, answer: Answer, *, now: datetime) -> None:
    """Write a try into the log, and count it."""
    delivery.attempts += 1
    Attempt.objects.create(
        delivery=delivery,
        at=now,
        status_code=answer.status_code,
        duration_ms=answer.duration_ms,
        error=answer.error,
        response_start=answer.response_start,
    )


def _secrets(endpoint: Endpoint, *, now: datetime) -> list[str]:
    """Those in force, the newest first."""
    sealed = [endpoint.secret]
    if endpoint.previous_secret_until is not None and now < endpoint.previous_secret_until:
        sealed.append(endpoint.previous_secret)
    return [decrypt(text, context=endpoint.context) for text in sealed]
