"""Usage rolled up from the record, so that a year of it is read from a few rows."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Func, Q, Value
from django.db.models.lookups import IsNull

from accounts.models import User
from licenses.models.licenses import License


class UsageHolder(models.Model):
    """A user at a machine who held a seat of a license: rollups name them by this row's number.

    `hardware_id` is null once the user had it forgotten; counts that knew it are stale until they are made anew.
    """

    license = models.ForeignKey(License, on_delete=models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    hardware_id = models.CharField(max_length=128, null=True)  # noqa: DJ001 (forgotten is not the same as empty)
    is_stale = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["license", "user", "hardware_id"], name="one_usage_holder_each")]
        indexes = [models.Index(fields=["license"], condition=Q(is_stale=True), name="usage_holder_stale")]

    def __str__(self) -> str:
        return f"holder {self.pk} of license {self.license_id}"


class UsageRollup(models.Model):
    """What happened on a license in one hour, day, week or month (UTC) that is over; none where nothing did.

    `seat_microseconds` is the sum over all sessions of the time for which they lived in it.
    """

    class Period(models.TextChoices):
        """How long it is; weeks begin on Mondays."""

        HOUR = "hour"
        DAY = "day"
        WEEK = "week"
        MONTH = "month"

    license = models.ForeignKey(License, on_delete=models.CASCADE, related_name="usage_rollups")
    period = models.CharField(max_length=5, choices=Period)
    start = models.DateTimeField()
    peak = models.PositiveIntegerField()
    seat_microseconds = models.BigIntegerField()
    denials = models.PositiveIntegerField()
    users = models.PositiveIntegerField()
    machines = models.PositiveIntegerField()
    holders = ArrayField(models.BigIntegerField())

    class Meta:
        constraints = [
            # In this order it also finds all of a period, from which the next longer one is made.
            models.UniqueConstraint(fields=["period", "start", "license"], name="one_usage_rollup_each"),
            models.CheckConstraint(
                condition=IsNull(Func("holders", Value(None), function="array_position"), True),
                name="usage_holders_are_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period} {self.start} of license {self.license_id}"


class UsageProgress(models.Model):
    """One row: all hours before `rolled_until` are rolled up, and all longer periods that ended by then."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    rolled_until = models.DateTimeField()

    def __str__(self) -> str:
        return f"rolled up until {self.rolled_until}"
