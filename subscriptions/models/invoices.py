"""Invoices: what Stripe last said of them."""

import uuid

from django.db import models

from accounts.models import Organization
from subscriptions.models.subscriptions import Subscription


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    """Invoices, seen by those who may."""

    def for_organization(self, organization: Organization) -> "InvoiceQuerySet":
        """Those of one organization."""
        return self.filter(organization=organization)


class Invoice(models.Model):
    """One bill; amounts are in the currency's smallest unit."""

    class Status(models.TextChoices):
        """https://docs.stripe.com/api/invoices/object#invoice_object-status"""

        DRAFT = "draft"
        OPEN = "open"
        PAID = "paid"
        UNCOLLECTIBLE = "uncollectible"
        VOID = "void"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="invoices")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, null=True, related_name="invoices")
    stripe_invoice_id = models.CharField(max_length=255, unique=True)
    number = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=16, choices=Status)
    reason = models.CharField(max_length=64, blank=True, help_text="Stripe's `billing_reason`.")
    currency = models.CharField(max_length=3)
    total = models.BigIntegerField()
    amount_due = models.BigIntegerField()
    amount_paid = models.BigIntegerField()
    attempt_count = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    hosted_url = models.TextField(blank=True, help_text="Where it can be looked at and paid.")
    pdf_url = models.TextField(blank=True)
    created_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    synced_at = models.DateTimeField(help_text="When Stripe was last asked.")

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["organization", "-created_at"])]

    def __str__(self) -> str:
        return self.number or self.stripe_invoice_id
