"""One-time secrets: links and codes that prove who reads a mailbox."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q

from accounts.models.users import User


class OneTimeToken(models.Model):
    """The secret of a link in a mail to `email`. Only its hash is kept."""

    class Purpose(models.TextChoices):
        """What it is good for, and for nothing else."""

        VERIFY_EMAIL = "verify_email"
        RESET_PASSWORD = "reset_password"  # noqa: S105 (what a token is for, not a password)
        CHANGE_EMAIL = "change_email"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="one_time_tokens")
    purpose = models.CharField(max_length=32, choices=Purpose)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    email = models.EmailField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="one_time_token_by_expiry")]

    def __str__(self) -> str:
        return f"{self.purpose} of {self.user_id}"


class LogInCode(models.Model):
    """Six digits mailed to an address. `address_hash` and `code_hash` are keyed: a million codes are soon tried.

    Made for addresses without an account too, mailed to nobody: trying a code then takes the same work.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    address_hash = models.CharField(max_length=64, editable=False)
    code_hash = models.CharField(max_length=64, editable=False)
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["address_hash", "-created_at"], name="log_in_code_by_address"),
            models.Index(fields=["expires_at"], name="log_in_code_by_expiry"),
        ]

    def __str__(self) -> str:
        return f"code of {self.created_at:%Y-%m-%d %H:%M}"


class EmailChange(models.Model):
    """A user's wish for another address, to be confirmed at both."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="email_changes")
    old_email = models.EmailField()
    new_email = models.EmailField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    old_confirmed_at = models.DateTimeField(null=True)
    new_confirmed_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=Q(closed_at=None), name="one_open_email_change_each")
        ]

    def __str__(self) -> str:
        return f"change of {self.user_id}"

    def is_open(self, *, at: datetime) -> bool:
        """Whether it can still be confirmed."""
        return self.closed_at is None and self.expires_at > at
