"""What the engine keeps about itself: repairs that are due, notes, and the last proof."""

from django.db import models

from licenses.models.licenses import License


class LeaseRepair(models.Model):
    """A license that changed while Redis was away: its leases there must be written anew."""

    license = models.OneToOneField(License, on_delete=models.CASCADE, primary_key=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        db_table = "lease_repair"

    def __str__(self) -> str:
        return f"repair {self.license_id}"


class RedisNote(models.Model):
    """One row: when a process last used Redis with success (database time). Silence, not absence, proves an outage.

    And when one last noticed that the database's own clock had stepped, and when one last looked whether it had.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seen_at = models.DateTimeField()
    stepped_at = models.DateTimeField(null=True)
    watched_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"seen {self.seen_at}"


class SeatVerification(models.Model):
    """One row: what the last proof found."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField()
    oversold = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.oversold} oversold at {self.at}"
