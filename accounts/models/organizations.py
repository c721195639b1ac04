"""Customers, and who belongs to them."""

import uuid

from django.db import models
from django.db.models import F
from django.utils import timezone

from accounts.models.users import User


class OrganizationQuerySet(models.QuerySet["Organization"]):
    """Organizations, seen by those who are in them."""

    def active(self) -> "OrganizationQuerySet":
        """Those that are still there."""
        return self.filter(status=Organization.Status.ACTIVE)

    def for_user(self, user: User) -> "OrganizationQuerySet":
        """Those that a user is in and that are still there, with the user's `role`."""
        return self.active().filter(memberships__user=user).annotate(role=F("memberships__role"))

    def locked(self) -> "OrganizationQuerySet":
        """Under the row lock that every change of members takes first; it lets foreign keys to the row pass."""
        return self.select_for_update(no_key=True, of=("self",))


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

    objects = OrganizationQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a member may do: viewers read, members also hold seats, admins also manage, owners everything."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Memberships, seen by those who may."""

    def current(self) -> "MembershipQuerySet":
        """Those of active organizations, the user's first one first."""
        return (
            self.filter(organization__status=Organization.Status.ACTIVE)
            .select_related("organization")
            .order_by("created_at", "id")
        )

    def for_user(self, user: User) -> "MembershipQuerySet":
        """A user's places in organizations that are still there, the first one first."""
        return self.current().filter(user=user)

    def for_organization(self, organization: Organization) -> "MembershipQuerySet":
        """Everybody in one organization."""
        return self.filter(organization=organization).select_related("user", "organization")


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
    def owns(self) -> bool:
        """Whether this member may do everything: billing, deletion, other owners."""
        return self.role == Role.OWNER

    @property
    def administers(self) -> bool:
        """Whether this member manages licenses, other members and their seats."""
        return self.role in {Role.OWNER, Role.ADMIN}

    @property
    def may_hold_seats(self) -> bool:
        """Whether this member may acquire seats and see keys in full."""
        return self.role != Role.VIEWER

    def may_grant(self, role: str) -> bool:
        """Whether this member may give somebody a role, or take it away: owners any, admins any but owner."""
        return self.owns or (self.administers and role != Role.OWNER)
