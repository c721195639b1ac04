"""What is to be told to an endpoint, and each try of it."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Func, Q, Value

from accounts.models import Organization
from webhooks.models.endpoints import Endpoint

POSITIONS = "webhooks_delivery_position"
IN_LANE = Q(status="pending", reason__in=["event", "replay"])
ONE_SHOT = Q(status="pending", reason__in=["redelivery", "test"])


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Deliveries, by whose they are and by what is to be done with them."""

    def for_organization(self, organization: Organization) -> "DeliveryQuerySet":
        """Those to one organization's endpoints."""
        return self.filter(endpoint__organization=organization, endpoint__deleted_at=None)

    def pending(self) -> "DeliveryQuerySet":
        """Those that are still to be sent."""
        return self.filter(status=Delivery.Status.PENDING)

    def in_lane(self) -> "DeliveryQuerySet":
        """Those that wait in their endpoint's lane, in the order in which they are sent."""
        return self.filter(IN_LANE).order_by("position")

    def one_shots_due(self, *, at: datetime) -> "DeliveryQuerySet":
        """Those outside the lanes that are to be sent now, the longest waiting first."""
        return self.filter(ONE_SHOT, next_attempt_at__lte=at).order_by("next_attempt_at", "position")

    def finished_before(self, moment: datetime) -> "DeliveryQuerySet":
        """Those that nothing has happened to since."""
        return self.filter(finished_at__lt=moment)


class Delivery(models.Model):
    """One event for one endpoint. The body is not stored: it is rendered from the journal's row, the same each time.

    Events of the lane (`event`, `replay`) go out by `position`, which counts up over all endpoints. One-shots
    (`redelivery`, `test`) are tried once, at `next_attempt_at`, past the lane.
    """

    class Reason(models.TextChoices):
        """Why it is sent: it happened, or somebody asked for it."""

        EVENT = "event"
        REPLAY = "replay"
        REDELIVERY = "redelivery"
        TEST = "test"

    class Status(models.TextChoices):
        """Where it stands; `failed` is given up, `superseded` left to a replay."""

        PENDING = "pending"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        SUPERSEDED = "superseded"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Found by the unique constraint's index, which begins with it.
    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    event_id = models.UUIDField()
    event_type = models.CharField(max_length=64)
    position = models.BigIntegerField(db_default=Func(Value(POSITIONS), function="nextval"), editable=False)
    reason = models.CharField(max_length=16, choices=Reason, default=Reason.EVENT)
    status = models.CharField(max_length=16, choices=Status, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    next_attempt_at = models.DateTimeField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "position"], name="one_delivery_per_position"),
            models.UniqueConstraint(
                fields=["endpoint", "event_id"], condition=Q(reason="event"), name="one_delivery_per_event"
            ),
            models.CheckConstraint(condition=~(Q(status="pending") ^ Q(finished_at=None)), name="delivery_ends_once"),
        ]
        indexes = [
            models.Index(fields=["endpoint", "position"], condition=IN_LANE, name="delivery_in_lane"),
            models.Index(fields=["next_attempt_at"], condition=ONE_SHOT, name="delivery_one_shot"),
            models.Index(fields=["finished_at"], condition=Q(finished_at__isnull=False), name="delivery_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.event_id}"


class Attempt(models.Model):
    """One try: what the endpoint answered, or `error`, the short word for why there is no answer.

    `response_start` is the first KB of the answer, for administrators of the own organization only.
    """

    # Found by the index below, which begins with it.
    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="tries", db_index=False)
    at = models.DateTimeField()
    status_code = models.PositiveSmallIntegerField(null=True)
    duration_ms = models.PositiveIntegerField()
    error = models.CharField(max_length=64, blank=True)
    response_start = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["delivery", "at"], name="attempt_of_delivery")]

    def __str__(self) -> str:
        return f"{self.status_code or self.error} at {self.at:%Y-%m-%d %H:%M:%S}"
