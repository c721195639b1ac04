"""Query parameters of the lists of licenses and seat sessions."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone
from rest_framework import serializers

from coditect.api.queries import ListQuery, MomentField
from licenses.models import License, LicenseQuerySet, SeatSession


class LicenseQuery(ListQuery):
    """Filters of the license list."""

    sortable: ClassVar[dict[str, str]] = {"created_at": "created_at", "expiry_date": "expiry_date", "tier": "tier"}

    is_active = serializers.BooleanField(required=False)
    tier = serializers.CharField(required=False)
    status = serializers.ChoiceField(required=False, choices=[*License.Status.values, License.EXPIRED])
    created_after = MomentField(required=False)
    created_before = MomentField(required=False)

    def filter_is_active(self, rows: LicenseQuerySet, value: bool) -> LicenseQuerySet:
        """Usable right now, or not."""
        usable = rows.usable(at=timezone.now())
        return usable if value else rows.exclude(pk__in=usable)

    def filter_tier(self, rows: LicenseQuerySet, value: str) -> LicenseQuerySet:
        """Of one tier; tiers are data, so an unknown one is an empty list."""
        return rows.filter(tier=value)

    def filter_status(self, rows: LicenseQuerySet, value: str) -> LicenseQuerySet:
        """Of one status; "expired" is what time made of an active one."""
        expired = Q(status=License.Status.ACTIVE, expires_at__lte=timezone.now())
        if value == License.EXPIRED:
            return rows.filter(expired)
        return rows.filter(status=value).exclude(expired)

    def filter_created_after(self, rows: LicenseQuerySet, value: datetime) -> LicenseQuerySet:
        """Made after a moment."""
        return rows.filter(created_at__gt=value)

    def filter_created_before(self, rows: LicenseQuerySet, value: datetime) -> LicenseQuerySet:
        """Made before a moment."""
        return rows.filter(created_at__lt=value)


class SessionQuery(ListQuery):
    """Filters of the list of seat sessions."""

    sortable: ClassVar[dict[str, str]] = {"started_at": "started_at"}
    default_sort: ClassVar[str] = "-started_at"

    license_id = serializers.UUIDField(required=False)
    status = serializers.ChoiceField(required=False, choices=[SeatSession.ACTIVE, *SeatSession.EndReason.values])
    hardware_id = serializers.CharField(required=False)

    def filter_license_id(self, rows: QuerySet[SeatSession], value: UUID) -> QuerySet[SeatSession]:
        """Of one license."""
        return rows.filter(license_id=value)

    def filter_status(self, rows: QuerySet[SeatSession], value: str) -> QuerySet[SeatSession]:
        """Active, or ended in one way."""
        return rows.filter(end_reason="" if value == SeatSession.ACTIVE else value)

    def filter_hardware_id(self, rows: QuerySet[SeatSession], value: str) -> QuerySet[SeatSession]:
        """Of one machine."""
        return rows.filter(hardware_id=value)
