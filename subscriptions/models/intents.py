"""What we are about to ask of Stripe, written down before it is asked."""

import uuid

from django.db import models
from django.db.models import Q

from accounts.models import Organization


class IntentQuerySet(models.QuerySet["Intent"]):
    """Intents, seen by those who may."""

    def for_organization(self, organization: Organization) -> "IntentQuerySet":
        """Those of one organization."""
        return self.filter(organization=organization)

    def pending(self) -> "IntentQuerySet":
        """Those of which nobody knows yet what Stripe made of them."""
        return self.filter(status=Intent.Status.PENDING)


class Intent(models.Model):
    """One request to Stripe that must not be carried out twice.

    Its id is the request's idempotency key and `request` holds the parameters, so that whoever sends it again, after an
    answer that was lost or a process that died, sends the same.
    """

    class Kind(models.TextChoices):
        """What is asked."""

        CUSTOMER = "customer"
        CHECKOUT = "checkout"
        CHANGE = "change"
        CANCEL = "cancel"
        RESUME = "resume"

    class Status(models.TextChoices):
        """What became of it."""

        PENDING = "pending"
        DONE = "done"
        REFUSED = "refused"
        ABANDONED = "abandoned"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="stripe_intents")
    kind = models.CharField(max_length=16, choices=Kind)
    request = models.JSONField()
    status = models.CharField(max_length=16, choices=Status, default=Status.PENDING)
    stripe_id = models.CharField(max_length=255, blank=True, help_text="What Stripe made or changed.")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = IntentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "kind"], condition=Q(status="pending"), name="one_pending_intent_of_a_kind"
            ),
        ]
        indexes = [models.Index(fields=["organization", "-created_at"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def idempotency_key(self) -> str:
        """The key that Stripe gets."""
        return f"coditect-{self.pk}"
