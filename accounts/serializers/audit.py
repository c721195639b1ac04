"""Shapes of the audit, in and out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Q
from rest_framework import serializers

from accounts.models import Membership, Organization, User
from coditect.api.queries import ListQuery, MomentField
from coditect.journal.models import Event, EventQuerySet


class AuditQuery(ListQuery):
    """Filters of the audit."""

    sortable: ClassVar[dict[str, str]] = {"created_at": "at"}

    type = serializers.CharField(required=False, max_length=64)
    actor_id = serializers.UUIDField(required=False)
    subject_id = serializers.UUIDField(required=False)
    request_id = serializers.RegexField(r"^req_[0-9a-f]{24}$", required=False)
    created_after = MomentField(required=False)
    created_before = MomentField(required=False)

    def filter_type(self, rows: EventQuerySet, value: str) -> EventQuerySet:
        """Of one type, such as `member.role_changed`."""
        return rows.filter(type=value)

    def filter_actor_id(self, rows: EventQuerySet, value: UUID) -> EventQuerySet:
        """Done by one user."""
        return rows.filter(actor_id=value)

    def filter_subject_id(self, rows: EventQuerySet, value: UUID) -> EventQuerySet:
        """Done to one object."""
        return rows.filter(subject_id=value)

    def filter_request_id(self, rows: EventQuerySet, value: str) -> EventQuerySet:
        """Done by one request."""
        return rows.filter(request_id=value)

    def filter_created_after(self, rows: EventQuerySet, value: datetime) -> EventQuerySet:
        """After a moment."""
        return rows.filter(at__gt=value)

    def filter_created_before(self, rows: EventQuerySet, value: datetime) -> EventQuerySet:
        """Before a moment."""
        return rows.filter(at__lt=value)


def present_entries(events: Sequence[Event], *, organization: Organization) -> list[dict[str, Any]]:
    """What happened, with the address of whoever did it, unless that is staff of the service."""
    addresses = _addresses({event.actor_id for event in events if event.actor_id}, organization)
    return [
        {
            "id": event.pk,
            "type": event.type,
            "actor": {
                "id": event.actor_id,
                "email": addresses.get(event.actor_id) if event.actor_id else None,
                "api_token_id": event.api_token_id,
            },
            "subject": {"type": event.subject_type, "id": event.subject_id},
            "ip": event.ip,
            "request_id": event.request_id or None,
            "data": event.data,
            "at": event.at,
        }
        for event in events
    ]


def _addresses(user_ids: set[UUID], organization: Organization) -> dict[UUID, str]:
    members = Membership.objects.for_organization(organization).values("user_id")
    shown = User.objects.filter(Q(pk__in=members) | Q(is_staff=False), pk__in=user_ids)
    return dict(shown.values_list("pk", "email"))
