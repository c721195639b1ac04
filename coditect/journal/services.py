"""Recording a fact, and telling the apps above about it in the same transaction."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models, transaction

from coditect.journal.models import Event
from coditect.journal.origin import current_origin

EVENTS_PER_INSERT = 1000
Receiver = Callable[[Event], None]
_receivers: dict[str, list[Receiver]] = defaultdict(list)


def on(event_type: str, receiver: Receiver) -> None:
    """Call `receiver` for every event of a type, inside the transaction that records it; it may abort it."""
    if receiver not in _receivers[event_type]:
        _receivers[event_type].append(receiver)


@transaction.atomic(savepoint=False)
def record_event(
    event_type: str,
    subject: models.Model,
    *,
    at: datetime,
    organization_id: UUID | None,
    data: Mapping[str, Any] | None = None,
) -> Event:
    """Write down that `event_type` happened to `subject`, and tell its receivers."""
    event = new_event(event_type, subject, at=at, organization_id=organization_id, data=data)
    record_events([event])
    return event


def new_event(
    event_type: str,
    subject: models.Model,
    *,
    at: datetime,
    organization_id: UUID | None,
    data: Mapping[str, Any] | None = None,
) -> Event:
    """An event of the work at hand, not yet written down: one of many for `record_events`."""
    origin = current_origin()
    return Event(
        type=event_type,
        at=at,
        organization_id=organization_id,
        subject_type=subject._meta.model_name or "",
        subject_id=subject.pk,
        actor_id=origin.user_id,
        api_token_id=origin.api_token_id,
        request_id=origin.request_id,
        ip=origin.ip,
        data=dict(data or {}),
    )


@transaction.atomic(savepoint=False)
def record_events(events: Sequence[Event]) -> None:
    """Write down many facts at once, and tell their receivers."""
    Event.objects.bulk_create(events, batch_size=EVENTS_PER_INSERT)
    for event in events:
        for receiver in _receivers[event.type]:
            receiver(event)
