"""Customers, and who belongs to them."""

import uuid

from django.db import models
from django.utils import timezone

from accounts.models.users import User


class Organization(models.Model):
    """A customer. `plan` is written by billing, which stands above."""

    class Status(models.TextChoices):
        """Whether the organization is in use."""

        ACTIVE = "active"
        DELETED = "deleted"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=150)
    slug = models.SlugField(max_length=80, unique=True)
    plan = models.CharField(max_length=32, default="free")
    status = models.CharField(max_length=16, choices=Status, default=Status.ACTIVE)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    members = models.ManyToManyField(User, through="Membership", related_name="organizations")

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a member may do: viewers read, members also hold seats, admins also manage, owners everything."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Memberships in organizations that are still there."""

    def current(self) -> "MembershipQuerySet":
        """Those of active organizations, the user's first one first."""
        return (
            self.filter(organization__status=Organization.Status.ACTIVE)
            .select_related("organization")
            .order_by("created_at", "id")
        )


class Membership(models.Model):
    """A user's place in an organization."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "user"], name="one_membership_each")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} of {self.organization_id}"

    @property
    def administers(self) -> bool:
        """Whether this member manages licenses and other members' seats."""
        return self.role in {Role.OWNER, Role.ADMIN}

    @property
    def may_hold_seats(self) -> bool:
        """Whether this member may acquire seats and see keys in full."""
        return self.role != Role.VIEWER
