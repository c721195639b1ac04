"""Events as they lie in the journal, for tests of what becomes of them there."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.utils import timezone

from accounts.models import Organization
from coditect.journal.models import Event
from webhooks.models import Delivery, Endpoint


def tell(
    organization: Organization, event_type: str = "license.updated", *, at: datetime | None = None, **values: Any
) -> Event:
    """An event of an organization, dispatched unless told otherwise."""
    now = at or timezone.now()
    fresh = {"subject_type": "license", "subject_id": uuid4(), "dispatched_at": now}
    event = Event.objects.create(type=event_type, at=now, organization_id=organization.pk, **(fresh | values))
    event.refresh_from_db()
    return event


def lane_of(endpoint: Endpoint) -> list[tuple[str, str]]:
    """What waits in the lane of an endpoint, in order: types and reasons."""
    return list(Delivery.objects.in_lane().filter(endpoint=endpoint).values_list("event_type", "reason"))


def events_in_lane(endpoint: Endpoint) -> list[object]:
    """The same as ids of events."""
    return list(Delivery.objects.in_lane().filter(endpoint=endpoint).values_list("event_id", flat=True))
