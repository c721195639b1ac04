"""Query parameters of the lists of organizations, members and invitations."""

from datetime import datetime
from typing import ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import serializers

from accounts.models import Invitation, InvitationQuerySet, Membership, Organization, Role
from coditect.api.queries import ListQuery, MomentField


class OrganizationQuery(ListQuery):
    """Filters of the list of one's organizations."""

    sortable: ClassVar[dict[str, str]] = {"created_at": "created_at", "name": "name"}

    status = serializers.ChoiceField(required=False, choices=Organization.Status.values)
    created_after = MomentField(required=False)
    created_before = MomentField(required=False)

    def filter_status(self, rows: QuerySet[Organization], value: str) -> QuerySet[Organization]:
        """Of one status; deleted ones are in nobody's list."""
        return rows.filter(status=value)

    def filter_created_after(self, rows: QuerySet[Organization], value: datetime) -> QuerySet[Organization]:
        """Made after a moment."""
        return rows.filter(created_at__gt=value)

    def filter_created_before(self, rows: QuerySet[Organization], value: datetime) -> QuerySet[Organization]:
        """Made before a moment."""
        return rows.filter(created_at__lt=value)


class MemberQuery(ListQuery):
    """Filters of the list of members."""

    sortable: ClassVar[dict[str, str]] = {"created_at": "created_at", "role": "role"}

    role = serializers.ChoiceField(required=False, choices=Role.values)

    def filter_role(self, rows: QuerySet[Membership], value: str) -> QuerySet[Membership]:
        """Of one role."""
        return rows.filter(role=value)


class InvitationQuery(ListQuery):
    """Filters of the list of invitations."""

    sortable: ClassVar[dict[str, str]] = {"created_at": "created_at", "email": "email", "expires_at": "expires_at"}

    status = serializers.ChoiceField(required=False, choices=Invitation.Status.values)

    def filter_status(self, rows: InvitationQuerySet, value: str) -> InvitationQuerySet:
        """Of one status; "expired" is what time made of a pending one."""
        return rows.with_status(value, at=timezone.now())
