"""Licenses, and the history of their seat counts."""

import secrets
import uuid
from datetime import UTC, datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.dispatch import Signal
from django.utils import timezone

from accounts.models import Organization

PERPETUAL = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
LEASE_GROUP_BYTES = 6
# Sent with their `ids` inside the transaction that changes licenses, whoever changes them and in whatever way.
licenses_changed = Signal()


def new_lease_group() -> str:
    """48 random bits, in hexadecimal."""
    return secrets.token_hex(LEASE_GROUP_BYTES)


class LicenseQuerySet(models.QuerySet["License"]):
    """Licenses, seen by those who may."""

    def for_organization(self, organization: Organization) -> "LicenseQuerySet":
        """Those of one organization."""
        return self.filter(organization=organization)

    def with_expiry_date(self) -> "LicenseQuerySet":
        """With `expiry_date`, which is never null, for sorting."""
        return self.annotate(expiry_date=Coalesce("expires_at", models.Value(PERPETUAL)))

    def usable(self, *, at: datetime) -> "LicenseQuerySet":
        """Those that may be used at a moment."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=at), status=License.Status.ACTIVE)

    def locked(self, *, skip_locked: bool = False) -> "LicenseQuerySet":
        """Under the row lock that every seat decision takes first; it lets foreign keys to the row pass."""
        return self.select_for_update(no_key=True, of=("self",), skip_locked=skip_locked)

    def update(self, **values: Any) -> int:
        """Change them, and tell of it."""
        with transaction.atomic(savepoint=False):
            ids = list(self.order_by().values_list("pk", flat=True))
            count = super().update(**values)
            licenses_changed.send(License, ids=ids)
        return count


class License(models.Model):
    """A right to hold `max_seats` seats. Its status never says "expired": `expires_at` does."""

    class Status(models.TextChoices):
        """What was decided about it; expiry comes by itself."""

        ACTIVE = "active"
        SUSPENDED = "suspended"
        REVOKED = "revoked"

    class Hold(models.TextChoices):
        """Who keeps it suspended; each lifts only their own hold, and the last one lifted reinstates it."""

        CUSTOMER = "customer"
        OPERATOR = "operator"
        BILLING = "billing"

    EXPIRED = "expired"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="licenses")
    key_string = models.CharField(max_length=100)
    key_normalized = models.CharField(max_length=100, unique=True, editable=False)
    tier = models.CharField(max_length=32)
    status = models.CharField(max_length=16, choices=Status, default=Status.ACTIVE)
    holds = ArrayField(models.CharField(max_length=16, choices=Hold), default=list, blank=True, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: never.")
    max_seats = models.PositiveIntegerField()
    features = models.JSONField(default=list, blank=True)
    lease_group = models.CharField(max_length=12, unique=True, default=new_lease_group, editable=False)
    # A subscription moves the end in time: nobody needs to hear that it comes near.
    renews_itself = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # When another organization handed it over: what ended before is not for the present one to see.
    transferred_at = models.DateTimeField(null=True, editable=False)

    objects = LicenseQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["organization", "-created_at"])]

    def __str__(self) -> str:
        return f"{self.tier} …{self.key_string[-4:]}"

    def save(self, *args: Any, **options: Any) -> None:
        """Keep it, and tell of a change."""
        is_new = self._state.adding
        with transaction.atomic(savepoint=False):
            super().save(*args, **options)
            if not is_new:
                licenses_changed.send(License, ids=[self.pk])

    @property
    def last_moment(self) -> datetime:
        """When it ends; one that never does ends with the year 9999, since clients expect a date."""
        return self.expires_at or PERPETUAL

    @property
    def seats_in_force(self) -> int:
        """How many seats may be held: all that were sold, or none while it is suspended and once it is revoked."""
        return self.max_seats if self.status == self.Status.ACTIVE else 0

    def status_at(self, at: datetime) -> str:
        """Active, suspended, revoked or expired."""
        if self.status == self.Status.ACTIVE and self.expires_at is not None and self.expires_at <= at:
            return self.EXPIRED
        return self.status

    def is_usable(self, *, at: datetime) -> bool:
        """Whether seats may be acquired now."""
        return self.status_at(at) == self.Status.ACTIVE


class SeatChange(models.Model):
    """From `at` on a license has `seats` in force: the history against which `verify_seats` holds the sessions."""

    license = models.ForeignKey(License, on_delete=models.CASCADE, related_name="seat_changes")
    at = models.DateTimeField()
    seats = models.PositiveIntegerField()

    class Meta:
        db_table = "license_seat_change"
        indexes = [models.Index(fields=["license", "at"])]

    def __str__(self) -> str:
        return f"{self.seats} seats from {self.at}"
