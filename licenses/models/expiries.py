"""Licenses whose end is still to be told of."""

from datetime import datetime

from django.db import models

from accounts.models import Organization
from licenses.models.licenses import License


class ExpiryWatchQuerySet(models.QuerySet["ExpiryWatch"]):
    """Watches by what is to be done."""

    def due(self, *, at: datetime) -> "ExpiryWatchQuerySet":
        """Those of licenses in use that are to be looked at."""
        return self.filter(look_at__lte=at, license__status=License.Status.ACTIVE)

    def for_organization(self, organization: Organization) -> "ExpiryWatchQuerySet":
        """Those of one organization's licenses."""
        return self.filter(license__organization=organization)


class ExpiryWatch(models.Model):
    """When to look next at how near a license's end is; nothing that comes before `look_at` is told of any more.

    A trigger begins the watch anew whenever a license gets another end, whoever gives it, and ends it with a license
    that is revoked or lasts for ever. It is a row of its own: who tells of an end holds up nobody who wants a seat.
    """

    license = models.OneToOneField(License, on_delete=models.CASCADE, primary_key=True, related_name="+")
    look_at = models.DateTimeField(db_index=True)

    objects = ExpiryWatchQuerySet.as_manager()

    class Meta:
        db_table = "license_expiry_watch"

    def __str__(self) -> str:
        return f"{self.license_id} at {self.look_at}"
