"""Checkout sessions: seats put into the basket, not yet paid."""

import uuid

from django.db import models
from django.db.models import Q

from accounts.models import Organization
from subscriptions.models.intents import Intent
from subscriptions.models.plans import Price

CHECKOUT_UNDER_WAY = Q(status__in=["pending", "open"])


class CheckoutQuerySet(models.QuerySet["Checkout"]):
    """Checkouts, seen by those who may."""

    def for_organization(self, organization: Organization) -> "CheckoutQuerySet":
        """Those of one organization."""
        return self.filter(organization=organization)

    def under_way(self) -> "CheckoutQuerySet":
        """Those that may yet be paid."""
        return self.filter(CHECKOUT_UNDER_WAY)


class Checkout(models.Model):
    """One checkout session at Stripe. An organization has one at a time, so that it cannot pay for two."""

    class Status(models.TextChoices):
        """Where it stands: without a session yet, open to be paid, paid, run out, or given up for another."""

        PENDING = "pending"
        OPEN = "open"
        COMPLETE = "complete"
        EXPIRED = "expired"
        ABANDONED = "abandoned"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="checkouts")
    intent = models.OneToOneField(Intent, on_delete=models.PROTECT, related_name="checkout")
    price = models.ForeignKey(Price, on_delete=models.PROTECT, related_name="+")
    seats = models.PositiveIntegerField()
    success_url = models.TextField()
    cancel_url = models.TextField()
    status = models.CharField(max_length=16, choices=Status, default=Status.PENDING)
    stripe_session_id = models.CharField(max_length=255, null=True, unique=True)  # noqa: DJ001 (unique, once there)
    url = models.TextField(blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)

    objects = CheckoutQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization"], condition=CHECKOUT_UNDER_WAY, name="one_checkout_under_way_per_organization"
            ),
        ]
        indexes = [models.Index(fields=["organization", "-created_at"])]

    def __str__(self) -> str:
        return f"{self.seats} seats of {self.price_id}"
