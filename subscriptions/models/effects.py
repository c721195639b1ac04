"""What has been brought about once, and is not to be a second time."""

from django.db import models


class Effect(models.Model):
    """Something done because of what Stripe told, named by what it means: an invoice was paid, not an event came.

    So events that come twice, late, in another order or under other ids change nothing.
    """

    key = models.CharField(primary_key=True, max_length=400)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key
