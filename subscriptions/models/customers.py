"""Organizations as Stripe knows them."""

from datetime import datetime

from django.db import models
from django.utils import timezone

from accounts.models import Organization


class StripeCustomerQuerySet(models.QuerySet["StripeCustomer"]):
    """Stripe's customers, seen by those who may."""

    def for_organization(self, organization: Organization) -> "StripeCustomerQuerySet":
        """That of one organization."""
        return self.filter(organization=organization)

    def due(self, *, at: datetime) -> "StripeCustomerQuerySet":
        """Those to be asked about although Stripe has told nothing, the longest waiting first."""
        return self.filter(look_at__lte=at).order_by("look_at")


class StripeCustomer(models.Model):
    """Who pays for an organization; one for its whole life, so that cards and invoices stay together."""

    organization = models.OneToOneField(
        Organization, primary_key=True, on_delete=models.PROTECT, related_name="stripe_customer"
    )
    stripe_customer_id = models.CharField(max_length=255, unique=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    heard_at = models.DateTimeField(
        null=True, editable=False, help_text="The latest event, by Stripe's clock, which a test may have moved."
    )
    look_at = models.DateTimeField(
        null=True, editable=False, help_text="When to ask Stripe although it has told nothing."
    )

    objects = StripeCustomerQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["look_at"], name="stripe_customer_to_look_at")]

    def __str__(self) -> str:
        return self.stripe_customer_id
