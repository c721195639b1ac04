"""The inbox: Stripe's events, stored before anything is done about them."""

from datetime import datetime

from django.db import models
from django.db.models import Q

PENDING = Q(status="pending")


class StripeEventQuerySet(models.QuerySet["StripeEvent"]):
    """Events by what is to be done with them."""

    def due(self, *, at: datetime) -> "StripeEventQuerySet":
        """Those to be handled now, the longest waiting first."""
        return self.filter(PENDING, next_attempt_at__lte=at).order_by("next_attempt_at", "id")


class StripeEvent(models.Model):
    """One event, by Stripe's id for it. It says where to look; what is true is asked of Stripe when it is handled.

    Of its object only `facts` are kept: names and addresses of people are not.
    """

    class Status(models.TextChoices):
        """Where it stands; `failed` is given up until somebody runs it again."""

        PENDING = "pending"
        DONE = "done"
        FAILED = "failed"

    id = models.CharField(primary_key=True, max_length=255, editable=False)
    type = models.CharField(max_length=100)
    occurred_at = models.DateTimeField(help_text="By Stripe's clock.")
    customer_id = models.CharField(max_length=255, blank=True, help_text="Stripe's id.")
    object_id = models.CharField(max_length=255, blank=True, help_text="Stripe's id of what it happened to.")
    facts = models.JSONField(default=dict)
    status = models.CharField(max_length=16, choices=Status, default=Status.PENDING)
    received_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=100, blank=True)

    objects = StripeEventQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=PENDING, name="stripe_event_pending"),
            models.Index(fields=["customer_id", "-occurred_at"], name="stripe_event_by_customer"),
            models.Index(fields=["received_at"], name="stripe_event_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"
