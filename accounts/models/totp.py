"""The second factor."""

from django.db import models

from accounts.models.users import User


class TotpDevice(models.Model):
    """A user's authenticator app. It counts from `confirmed_at` on, when its first code was right."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="totp")
    secret = models.TextField(editable=False, help_text="Encrypted.")
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    # The 30-second step of the last code taken: none is taken twice (RFC 6238, section 5.2).
    last_step = models.BigIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"TOTP of {self.user_id}"

    @property
    def context(self) -> str:
        """What its secret is encrypted for: copied to another user's row it does not open."""
        return f"totp:{self.user_id}"


class RecoveryCode(models.Model):
    """A way in without the authenticator app, good once."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    code_hash = models.CharField(max_length=64, editable=False)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "code_hash"], name="one_recovery_code_each")]

    def __str__(self) -> str:
        return f"recovery code of {self.user_id}"
