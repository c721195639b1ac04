"""The keys that sign license files and receipts."""

import uuid
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q

# Longer than any file is good for (the most that OFFLINE_GRACE_DAYS takes), so that each is verifiable to its end.
PUBLISHED_AFTER_RETIREMENT = timedelta(days=400)


class SigningKeyQuerySet(models.QuerySet["SigningKey"]):
    """Signing keys by what they are good for."""

    def signing(self) -> "SigningKeyQuerySet":
        """The one that signs."""
        return self.filter(retired_at=None)

    def published(self, *, at: datetime) -> "SigningKeyQuerySet":
        """Those whose signatures are to be believed, the one that signs first."""
        kept = Q(retired_at=None) | Q(retired_at__gt=at - PUBLISHED_AFTER_RETIREMENT)
        return self.filter(kept, withdrawn_at=None).order_by(models.F("retired_at").desc(nulls_first=True))


class SigningKey(models.Model):
    """An Ed25519 key. Retired, it signs nothing more and its private part is gone; withdrawn, it is not believed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kid = models.CharField(max_length=43, unique=True, editable=False, help_text="Its thumbprint (RFC 7638).")
    public_key = models.CharField(max_length=43, editable=False, help_text="32 bytes in base64url.")
    private_key = models.TextField(
        blank=True, editable=False, help_text="Encrypted; empty for a key that is kept in LICENSE_SIGNING_KEY."
    )
    created_at = models.DateTimeField(editable=False)
    retired_at = models.DateTimeField(null=True, editable=False)
    withdrawn_at = models.DateTimeField(null=True, editable=False)

    objects = SigningKeyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["retired_at"], condition=Q(retired_at=None), nulls_distinct=False, name="one_signing_key"
            ),
        ]

    def __str__(self) -> str:
        return self.kid

    @property
    def context(self) -> str:
        """What its private part is encrypted for: copied to another key's row it does not open."""
        return f"signing_key:{self.kid}"
