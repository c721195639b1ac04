"""API tokens."""

import uuid
from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models.organizations import Membership, Organization
from accounts.models.users import User


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    """API tokens, seen by those who may."""

    def unrevoked(self) -> "ApiTokenQuerySet":
        """Those that nobody took back; they may have expired."""
        return self.filter(revoked_at=None)

    def for_member(self, membership: Membership) -> "ApiTokenQuerySet":
        """One's own in the organization; all of it for its administrators."""
        tokens = self.filter(organization=membership.organization)
        return tokens if membership.administers else tokens.filter(user=membership.user)

    def with_role(self) -> "ApiTokenQuerySet":
        """With `role`, the maker's present one in the token's organization; None where they are no member any more."""
        places = Membership.objects.filter(
            organization=models.OuterRef("organization"),
            user=models.OuterRef("user"),
            organization__status=Organization.Status.ACTIVE,
        )
        return self.annotate(role=models.Subquery(places.values("role")[:1]))


class ApiToken(models.Model):
    """A credential for scripts and servers: it acts as its maker, in one organization, within its scopes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="api_tokens")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16, help_text="The token's first characters, by which people recognize it.")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=32))
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["organization", "-created_at"], name="api_tokens_newest")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def maker_role(self) -> str | None:
        """The maker's present role, of a token found with_role()."""
        role: str | None = vars(self)["role"]
        return role

    def has_expired(self, *, at: datetime) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= at
