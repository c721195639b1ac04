"""Batches: one operation on many licenses, and what came of it for each."""

import uuid

from django.db import models
from django.db.models import F, Q

from accounts.models import Organization
from coditect.journal.origin import Origin

UNFINISHED = Q(finished_at=None)
PENDING = Q(status="pending")


class BatchQuerySet(models.QuerySet["Batch"]):
    """Batches, seen by those who may."""

    def for_organization(self, organization: Organization) -> "BatchQuerySet":
        """Those of one organization."""
        return self.filter(organization=organization)

    def unfinished(self) -> "BatchQuerySet":
        """Those with work left, the one that has waited longest for its turn first."""
        return self.filter(UNFINISHED).order_by(F("served_at").asc(nulls_first=True), "created_at")


class Batch(models.Model):
    """One operation on many licenses of an organization, done by the worker.

    `actor_id`, `api_token_id` and `request_id` say who asked for it: what the worker does is recorded as theirs.
    """

    class Operation(models.TextChoices):
        """What is done to each license."""

        VALIDATE = "validate"
        SUSPEND = "suspend"
        REINSTATE = "reinstate"
        RENEW = "renew"

    class Status(models.TextChoices):
        """Where it stands."""

        QUEUED = "queued"
        RUNNING = "running"
        COMPLETED = "completed"
        CANCELED = "canceled"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="batches")
    operation = models.CharField(max_length=16, choices=Operation)
    expires_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=16, choices=Status, default=Status.QUEUED)
    total = models.PositiveIntegerField()
    succeeded = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    actor_id = models.UUIDField(null=True)
    api_token_id = models.UUIDField(null=True)
    request_id = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    served_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = BatchQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "batches"
        constraints = [
            models.CheckConstraint(condition=Q(total__gte=F("succeeded") + F("failed")), name="batch_counts_each_once"),
        ]
        indexes = [
            models.Index(fields=["organization", "-created_at"]),
            models.Index(fields=["served_at", "created_at"], condition=UNFINISHED, name="batch_unfinished"),
            models.Index(fields=["finished_at"], name="batch_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.total} licenses"

    @property
    def origin(self) -> Origin:
        """Who asked for it."""
        return Origin(user_id=self.actor_id, api_token_id=self.api_token_id, request_id=self.request_id)


class BatchItem(models.Model):
    """One license of a batch, named by its id or by its key, and what came of it; positions count from 1.

    `license_id` is what was asked for, which need not exist.
    """

    class Status(models.TextChoices):
        """How it went."""

        PENDING = "pending"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELED = "canceled"

    # Found by the unique constraint's index, which begins with it.
    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="items", db_index=False)
    position = models.PositiveIntegerField()
    license_id = models.UUIDField(null=True)
    key_normalized = models.TextField(blank=True)
    status = models.CharField(max_length=16, choices=Status, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    code = models.CharField(max_length=64, blank=True)
    message = models.TextField(blank=True)
    verdict = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "position"], name="one_item_per_position"),
            models.CheckConstraint(condition=Q(license_id=None) ^ Q(key_normalized=""), name="item_has_id_or_key"),
        ]
        indexes = [models.Index(fields=["batch", "attempts", "position"], condition=PENDING, name="item_pending")]

    def __str__(self) -> str:
        return f"{self.position} of batch {self.batch_id}"
