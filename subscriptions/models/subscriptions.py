"""Subscriptions: what Stripe last said of them."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q

from accounts.models import Organization
from licenses.models import License
from subscriptions.models.plans import Price

# Those that Stripe charges for, or may again: an organization has at most one that counts. One whose first payment is
# still missing ("incomplete") is nobody's yet: it must not keep people from buying.
LIVE = Q(status__in=["trialing", "active", "past_due", "unpaid", "paused"], is_surplus=False)


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    """Subscriptions, seen by those who may."""

    def for_organization(self, organization: Organization) -> "SubscriptionQuerySet":
        """Those of one organization."""
        return self.filter(organization=organization)

    def live(self) -> "SubscriptionQuerySet":
        """Those that have begun and not ended, surplus ones left out."""
        return self.filter(LIVE)

    def locked(self) -> "SubscriptionQuerySet":
        """Under the row lock that every change takes first; it lets foreign keys to the row pass."""
        return self.select_for_update(no_key=True, of=("self",))


class Subscription(models.Model):
    """Seats that are paid for from period to period, in Stripe's words; only what Stripe says is written here.

    `past_due_at` is when it fell behind, from which the days of grace count; null while it is paid.
    """

    class Status(models.TextChoices):
        """https://docs.stripe.com/api/subscriptions/object#subscription_object-status"""

        INCOMPLETE = "incomplete"
        INCOMPLETE_EXPIRED = "incomplete_expired"
        TRIALING = "trialing"
        ACTIVE = "active"
        PAST_DUE = "past_due"
        UNPAID = "unpaid"
        PAUSED = "paused"
        CANCELED = "canceled"

    PAID = frozenset({Status.TRIALING, Status.ACTIVE})
    ENDED = frozenset({Status.CANCELED, Status.INCOMPLETE_EXPIRED})
    NEVER_BEGUN = frozenset({Status.INCOMPLETE, Status.INCOMPLETE_EXPIRED})

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="subscriptions")
    license = models.OneToOneField(License, on_delete=models.PROTECT, null=True, related_name="subscription")
    price = models.ForeignKey(Price, on_delete=models.PROTECT, related_name="subscriptions")
    stripe_subscription_id = models.CharField(max_length=255, unique=True)
    stripe_item_id = models.CharField(max_length=255)
    status = models.CharField(max_length=20, choices=Status)
    seats = models.PositiveIntegerField()
    current_period_start = models.DateTimeField()
    current_period_end = models.DateTimeField()
    cancel_at_period_end = models.BooleanField(default=False)
    cancel_at = models.DateTimeField(null=True)
    canceled_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    trial_end = models.DateTimeField(null=True)
    past_due_at = models.DateTimeField(null=True)
    is_surplus = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Made at Stripe beside an older one: it is charged there, and gives no seats here.",
    )
    created_at = models.DateTimeField()
    synced_at = models.DateTimeField(help_text="When Stripe was last asked.")

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization"], condition=LIVE, name="one_live_subscription_each"),
        ]
        indexes = [models.Index(fields=["organization", "-created_at"])]

    def __str__(self) -> str:
        return f"{self.seats} seats of {self.price_id}, {self.status}"

    @property
    def is_paid(self) -> bool:
        """Whether seats are due for it: it is paid, or on trial."""
        return self.status in self.PAID

    @property
    def has_begun(self) -> bool:
        """Whether it has ever been paid for, or on trial."""
        return self.status not in self.NEVER_BEGUN

    @property
    def has_ended(self) -> bool:
        """Whether nothing brings it back."""
        return self.status in self.ENDED

    @property
    def is_ending(self) -> bool:
        """Whether it ends by itself."""
        return self.cancel_at_period_end or self.cancel_at is not None

    def is_current(self, *, at: datetime) -> bool:
        """Whether its period runs at a moment."""
        return self.current_period_start <= at < self.current_period_end
