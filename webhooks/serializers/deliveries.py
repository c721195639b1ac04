"""Shapes of deliveries: orders and filters in, deliveries out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers

from coditect.api.queries import ListQuery, MomentField
from coditect.journal.models import Event
from webhooks.models import Attempt, Delivery
from webhooks.payloads import bodies_of


class DeliveryQuery(ListQuery):
    """Filters of the list of deliveries; they are sorted as they were queued."""

    sortable: ClassVar[dict[str, str]] = {"created_at": "position"}
    default_sort: ClassVar[str] = "-created_at"

    status = serializers.ChoiceField(required=False, choices=Delivery.Status.values)
    event_type = serializers.CharField(required=False, max_length=64)
    created_after = MomentField(required=False)
    created_before = MomentField(required=False)

    def filter_status(self, rows: QuerySet[Delivery], value: str) -> QuerySet[Delivery]:
        """Of one status."""
        return rows.filter(status=value)

    def filter_event_type(self, rows: QuerySet[Delivery], value: str) -> QuerySet[Delivery]:
        """Of one type of event; types come and go, so an unknown one is an empty list."""
        return rows.filter(event_type=value)

    def filter_created_after(self, rows: QuerySet[Delivery], value: datetime) -> QuerySet[Delivery]:
        """Queued after a moment."""
        return rows.filter(created_at__gt=value)

    def filter_created_before(self, rows: QuerySet[Delivery], value: datetime) -> QuerySet[Delivery]:
        """Queued before a moment."""
        return rows.filter(created_at__lt=value)


class ReplaySerializer(serializers.Serializer[Any]):
    """From when on."""

    since = serializers.DateTimeField(help_text="At most 30 days ago.")


def present_deliveries(deliveries: Sequence[Delivery]) -> list[dict[str, Any]]:
    """Deliveries with their tries and what was sent, for administrators of the endpoint's organization alone."""
    # tenancy: the events of deliveries that the caller has chosen
    events = list(Event.objects.filter(pk__in=[delivery.event_id for delivery in deliveries]))
    bodies = {event.pk: body.decode() for event, body in zip(events, bodies_of(events), strict=True)}
    tries: dict[Any, list[Attempt]] = {}
    # tenancy: the tries of those deliveries
    for attempt in Attempt.objects.filter(delivery__in=deliveries).order_by("at", "id"):
        tries.setdefault(attempt.delivery_id, []).append(attempt)
    return [
        {
            "id": delivery.pk,
            "event_id": delivery.event_id,
            "event_type": delivery.event_type,
            "reason": delivery.reason,
            "status": delivery.status,
            "created_at": delivery.created_at,
            "finished_at": delivery.finished_at,
            "attempts": [_present_attempt(attempt) for attempt in tries.get(delivery.pk, [])],
            "request": _present_request(delivery, bodies.get(delivery.event_id)),
        }
        for delivery in deliveries
    ]


def present_delivery(delivery: Delivery) -> dict[str, Any]:
    """One delivery."""
    return present_deliveries([delivery])[0]


def _present_attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "at": attempt.at,
        "status_code": attempt.status_code,
        "duration_ms": attempt.duration_ms,
        "error": attempt.error or None,
        "response": None if attempt.status_code is None else attempt.response_start,
    }


def _present_request(delivery: Delivery, body: str | None) -> dict[str, Any]:
    return {
        "url": delivery.endpoint.url,
        "headers": {"content-type": "application/json", "webhook-id": str(delivery.event_id)},
        "body": body,
    }
