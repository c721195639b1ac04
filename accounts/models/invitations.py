"""Invitations into organizations."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q

from accounts.models.organizations import Organization, Role
from accounts.models.users import User

UNANSWERED = Q(accepted_at=None, revoked_at=None)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Invitations, seen by those who may."""

    def for_organization(self, organization: Organization) -> "InvitationQuerySet":
        """Those into one organization."""
        return self.filter(organization=organization)

    def unanswered(self) -> "InvitationQuerySet":
        """Neither accepted nor revoked; some may have run out."""
        return self.filter(UNANSWERED)

    def with_status(self, status: str, *, at: datetime) -> "InvitationQuerySet":
        """Those of one status at a moment."""
        if status == Invitation.Status.ACCEPTED:
            return self.filter(accepted_at__isnull=False)
        if status == Invitation.Status.REVOKED:
            return self.filter(revoked_at__isnull=False)
        expired = Q(expires_at__lte=at)
        return self.unanswered().filter(expired if status == Invitation.Status.EXPIRED else ~expired)


class Invitation(models.Model):
    """A place offered to an address. The token exists in clear only in the mail, so only its hash is here.

    The hash is empty until the mail is written: that is when the token is drawn.
    """

    class Status(models.TextChoices):
        """What became of it; expiry comes by itself."""

        PENDING = "pending"
        ACCEPTED = "accepted"
        REVOKED = "revoked"
        EXPIRED = "expired"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=16, choices=Role)
    invited_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True, null=True)  # noqa: DJ001 (empty ones must not clash)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "email"], condition=UNANSWERED, name="one_open_invitation_each"
            ),
            models.CheckConstraint(condition=Q(accepted_at=None) | Q(revoked_at=None), name="invitation_answered_once"),
        ]

    def __str__(self) -> str:
        return f"{self.email} as {self.role} of {self.organization_id}"

    def status_at(self, at: datetime) -> str:
        """Pending, accepted, revoked or expired."""
        if self.accepted_at is not None:
            return self.Status.ACCEPTED
        if self.revoked_at is not None:
            return self.Status.REVOKED
        return self.Status.EXPIRED if self.expires_at <= at else self.Status.PENDING
