"""Log-ins."""

import uuid
from datetime import datetime

from django.db import models

from accounts.models.users import User


class LoginSessionQuerySet(models.QuerySet["LoginSession"]):
    """Log-ins."""

    def live(self, *, at: datetime) -> "LoginSessionQuerySet":
        """Those that have neither ended nor run out."""
        return self.filter(revoked_at=None, expires_at__gt=at)


class LoginSession(models.Model):
    """One log-in on one device. Its refresh token stays the same for its life; ending this row kills its tokens."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="login_sessions")
    refresh_jti_hash = models.CharField(max_length=64, unique=True)
    ip = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    objects = LoginSessionQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.user_id} since {self.created_at:%Y-%m-%d}"

    def is_usable(self, *, at: datetime) -> bool:
        """Whether its tokens still count."""
        return self.revoked_at is None and self.expires_at > at and self.user.is_active
