"""Licenses and the sessions in which machines hold their seats."""

import secrets
import uuid
from datetime import UTC, datetime

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import Membership, Organization, User

PERPETUAL = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
UNENDED = Q(ended_at=None)
LEASE_GROUP_BYTES = 6


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


class License(models.Model):
    """A right to hold `max_seats` seats. Its status never says "expired": `expires_at` does."""

    class Status(models.TextChoices):
        """What was decided about it; expiry comes by itself."""

        ACTIVE = "active"
        SUSPENDED = "suspended"
        REVOKED = "revoked"

    EXPIRED = "expired"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="licenses")
    key_string = models.CharField(max_length=100)
    key_normalized = models.CharField(max_length=100, unique=True, editable=False)
    tier = models.CharField(max_length=32)
    status = models.CharField(max_length=16, choices=Status, default=Status.ACTIVE)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: never.")
    max_seats = models.PositiveIntegerField()
    features = models.JSONField(default=list, blank=True)
    lease_group = models.CharField(max_length=12, unique=True, default=new_lease_group, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = LicenseQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["organization", "-created_at"])]

    def __str__(self) -> str:
        return f"{self.tier} …{self.key_string[-4:]}"

    @property
    def last_moment(self) -> datetime:
        """When it ends; one that never does ends with the year 9999, since clients expect a date."""
        return self.expires_at or PERPETUAL

    def status_at(self, at: datetime) -> str:
        """Active, suspended, revoked or expired."""
        if self.status == self.Status.ACTIVE and self.expires_at is not None and self.expires_at <= at:
            return self.EXPIRED
        return self.status

    def is_usable(self, *, at: datetime) -> bool:
        """Whether seats may be acquired now."""
        return self.status_at(at) == self.Status.ACTIVE


class SeatChange(models.Model):
    """From `at` on a license has `seats`: the history against which `verify_seats` holds the sessions."""

    license = models.ForeignKey(License, on_delete=models.CASCADE, related_name="seat_changes")
    at = models.DateTimeField()
    seats = models.PositiveIntegerField()

    class Meta:
        db_table = "license_seat_change"
        indexes = [models.Index(fields=["license", "at"])]

    def __str__(self) -> str:
        return f"{self.seats} seats from {self.at}"


class SeatSessionQuerySet(models.QuerySet["SeatSession"]):
    """Seat sessions, seen by those who may."""

    def for_member(self, membership: Membership) -> "SeatSessionQuerySet":
        """One's own in the organization; all of it for its administrators."""
        sessions = self.filter(license__organization=membership.organization)
        return sessions if membership.administers else sessions.filter(user=membership.user)

    def unended(self) -> "SeatSessionQuerySet":
        """Those that count against the license."""
        return self.filter(UNENDED)


class SeatSession(models.Model):
    """One machine holding one seat.

    `expires_at` is the deadline as the database knows it; a live session's lease in Redis may run longer.
    """

    class EndReason(models.TextChoices):
        """Why a session ended."""

        RELEASED = "released"
        EXPIRED = "expired"
        REVOKED = "revoked"

    ACTIVE = "active"

    id = models.UUIDField(primary_key=True, editable=False)
    license = models.ForeignKey(License, on_delete=models.PROTECT, related_name="sessions")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="seat_sessions")
    hardware_id = models.CharField(max_length=128)
    slot = models.PositiveIntegerField()
    ip_address = models.GenericIPAddressField(null=True)
    client_version = models.CharField(max_length=64, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    started_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoke_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=16, choices=EndReason, blank=True)

    objects = SeatSessionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(slot__gte=1), name="seat_slot_from_one"),
            models.CheckConstraint(condition=Q(ended_at=None) ^ ~Q(end_reason=""), name="seat_end_has_reason"),
            models.UniqueConstraint(fields=["license", "slot"], condition=UNENDED, name="one_session_per_slot"),
            models.UniqueConstraint(
                fields=["license", "user", "hardware_id"], condition=UNENDED, name="one_session_per_machine"
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=UNENDED, name="seat_deadline"),
            models.Index(F("license"), F("started_at").desc(), name="seat_history"),
            models.Index(fields=["user"], condition=UNENDED, name="seat_holder"),
        ]

    def __str__(self) -> str:
        return f"seat {self.slot} of license {self.license_id}"

    @property
    def status(self) -> str:
        """Active, or how it ended."""
        return self.end_reason or self.ACTIVE


class LeaseRepair(models.Model):
    """A license that changed while Redis was away: its leases there must be written anew."""

    license = models.OneToOneField(License, on_delete=models.CASCADE, primary_key=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        db_table = "lease_repair"

    def __str__(self) -> str:
        return f"repair {self.license_id}"


class RedisNote(models.Model):
    """One row: when a process last used Redis with success (database time). Silence, not absence, proves an outage."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"seen {self.seen_at}"


class SeatVerification(models.Model):
    """One row: what the last proof found."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField()
    oversold = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.oversold} oversold at {self.at}"
