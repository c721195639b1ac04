"""Organizations as Stripe knows them."""

from django.db import models
from django.utils import timezone

from accounts.models import Organization


class StripeCustomerQuerySet(models.QuerySet["StripeCustomer"]):
    """Stripe's customers, seen by those who may."""

    def for_organization(self, organization: Organization) -> "StripeCustomerQuerySet":
        """That of one organization."""
        return self.filter(organization=organization)


class StripeCustomer(models.Model):
    """Who pays for an organization; one for its whole life, so that cards and invoices stay together."""

    organization = models.OneToOneField(
        Organization, primary_key=True, on_delete=models.PROTECT, related_name="stripe_customer"
    )
    stripe_customer_id = models.CharField(max_length=255, unique=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = StripeCustomerQuerySet.as_manager()

    def __str__(self) -> str:
        return self.stripe_customer_id
