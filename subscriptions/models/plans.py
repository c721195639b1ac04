"""Plans and their prices: data, which administrators edit."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

MOST_SEATS = 100_000


class PlanQuerySet(models.QuerySet["Plan"]):
    """Plans."""

    def offered(self) -> "PlanQuerySet":
        """What is on offer, in the order in which it is shown, with the prices on offer."""
        prices = models.Prefetch("prices", Price.objects.offered())
        return self.filter(is_offered=True).order_by("position", "id").prefetch_related(prices)


class Plan(models.Model):
    """Something that can be had, such as "pro"; one without prices is free, or a matter of talking to us."""

    FREE = "free"

    id = models.SlugField(primary_key=True, max_length=32)
    name = models.CharField(max_length=64)
    tier = models.CharField(max_length=32, help_text="The tier of the licenses that it gives.")
    description = models.CharField(max_length=300, blank=True)
    features = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    min_seats = models.PositiveIntegerField(default=1, validators=[MinValueValidator(1)])
    max_seats = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: as many as one likes.")
    position = models.PositiveSmallIntegerField(default=0, help_text="Lower comes first.")
    is_offered = models.BooleanField(default=True)

    objects = PlanQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(min_seats__gte=1) & (Q(max_seats=None) | Q(max_seats__gte=F("min_seats"))),
                name="plan_seats_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def takes(self, seats: int) -> bool:
        """Whether so many seats can be bought."""
        return self.min_seats <= seats <= (self.max_seats or MOST_SEATS)


class PriceQuerySet(models.QuerySet["Price"]):
    """Prices."""

    def offered(self) -> "PriceQuerySet":
        """What may be bought, monthly ones first."""
        return self.filter(is_offered=True).order_by("plan", "interval", "unit_amount", "id")


class Price(models.Model):
    """What a seat of a plan costs per interval. `id` is what clients name; Stripe may know it by another id."""

    class Interval(models.TextChoices):
        """How often it is paid."""

        MONTH = "month"
        YEAR = "year"

    id = models.CharField(primary_key=True, max_length=64)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="prices")
    stripe_price_id = models.CharField(max_length=255, unique=True, help_text="The id of this price at Stripe.")
    interval = models.CharField(max_length=8, choices=Interval)
    unit_amount = models.PositiveIntegerField(help_text="Of one seat, in the currency's smallest unit.")
    currency = models.CharField(max_length=3, default="usd")
    trial_days = models.PositiveSmallIntegerField(default=0, help_text="Free at first, once for each organization.")
    is_offered = models.BooleanField(default=True, help_text="Whoever has it keeps it, also when it is not.")

    objects = PriceQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(trial_days__lte=730), name="price_trial_as_stripe_takes")]

    def __str__(self) -> str:
        return self.id
