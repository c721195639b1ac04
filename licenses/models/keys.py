"""Every key that any license has or had."""

from datetime import datetime

from django.db import models

from licenses.models.licenses import License


class LicenseKey(models.Model):
    """A key that a license has, or had before: taken for ever, even where the license is gone.

    Triggers see to it, whoever writes a license: each key that one gets has its row here, and no row goes.
    """

    key_normalized = models.CharField(primary_key=True, max_length=100)
    license = models.ForeignKey(License, on_delete=models.SET_NULL, null=True, related_name="keys")
    works_until = models.DateTimeField(null=True, help_text="Of a former key: when its grace ends.")

    class Meta:
        db_table = "license_key"

    def __str__(self) -> str:
        return f"…{self.key_normalized[-4:]}"

    def still_works(self, *, at: datetime) -> bool:
        """Whether a former key is in its grace."""
        return self.works_until is not None and self.works_until > at
