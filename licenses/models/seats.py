"""The sessions in which machines hold their seats."""

from django.contrib.postgres.fields import DateTimeRangeField
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Least

from accounts.models import Membership, User
from licenses.models.licenses import License

UNENDED = Q(ended_at=None)
# Of a session that ended; a clock that was set back in between makes it empty rather than an error.
LIFETIME = Func(Least("started_at", "ended_at"), "ended_at", function="tstzrange", output_field=DateTimeRangeField())


class SeatSessionQuerySet(models.QuerySet["SeatSession"]):
    """Seat sessions, seen by those who may."""

    def for_member(self, membership: Membership) -> "SeatSessionQuerySet":
        """One's own in the organization; all of it for its administrators."""
        sessions = self.since_transfer().filter(license__organization=membership.organization)
        return sessions if membership.administers else sessions.filter(user=membership.user)

    def since_transfer(self) -> "SeatSessionQuerySet":
        """Without those that ended under an organization which had the license before."""
        handed_over = F("license__transferred_at")
        return self.filter(Q(license__transferred_at=None) | UNENDED | Q(ended_at__gt=handed_over))

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
    # Stands where a hardware id was that its user had forgotten.
    FORGOTTEN = "deleted"

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
            GistIndex(LIFETIME, condition=~UNENDED, name="seat_lifetime"),
        ]

    def __str__(self) -> str:
        return f"seat {self.slot} of license {self.license_id}"

    @property
    def status(self) -> str:
        """Active, or how it ended."""
        return self.end_reason or self.ACTIVE
