"""Where customers want to hear of events."""

import uuid
from datetime import datetime
from urllib.parse import urlsplit

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models import Organization, User

EVERY_EVENT = "*"
WAITING = Q(status="enabled", next_attempt_at__isnull=False)


class EndpointQuerySet(models.QuerySet["Endpoint"]):
    """Endpoints, by whose they are and by what is to be done for them."""

    def for_organization(self, organization: Organization) -> "EndpointQuerySet":
        """Those of one organization."""
        return self.existing().filter(organization=organization)

    def existing(self) -> "EndpointQuerySet":
        """All but those that were deleted."""
        return self.filter(deleted_at=None)

    def deleted(self) -> "EndpointQuerySet":
        """Those that were; the worker forgets them, with their long logs, a little at a time."""
        return self.filter(deleted_at__isnull=False)

    def enabled(self) -> "EndpointQuerySet":
        """Those that events are queued for."""
        return self.filter(status=Endpoint.Status.ENABLED)

    def listening_to(self, event_type: str) -> "EndpointQuerySet":
        """Those whose filter takes a type of event, which must be a public one."""
        return self.filter(events__overlap=[event_type, EVERY_EVENT])

    def healthy(self) -> "EndpointQuerySet":
        """Those that took, or have not yet been sent, the last delivery tried."""
        return self.filter(failing_since=None)

    def failing(self) -> "EndpointQuerySet":
        """Those that did not."""
        return self.filter(failing_since__isnull=False)

    def claimed(self, *, at: datetime) -> "EndpointQuerySet":
        """Those whose lane a worker is in."""
        return self.filter(claimed_until__gt=at)

    def due(self, *, at: datetime) -> "EndpointQuerySet":
        """Those whose lane is to be worked on now and is nobody's, the longest waiting first."""
        unclaimed = Q(claimed_until=None) | Q(claimed_until__lte=at)
        return self.filter(WAITING, unclaimed, next_attempt_at__lte=at).order_by("next_attempt_at", "id")


class Endpoint(models.Model):
    """A URL of a customer's, and its lane: deliveries go out one after the other, in order, by one worker at a time.

    `next_attempt_at` is when the lane is worked on next, None while it has nothing pending. A worker that is in it
    holds `claim` until `claimed_until`; what it brings back counts only while the claim is still its own.
    """

    class Status(models.TextChoices):
        """Whether events are queued and sent."""

        ENABLED = "enabled"
        DISABLED = "disabled"

    class DisabledReason(models.TextChoices):
        """Why not: it said so itself (410), it failed for days, or somebody switched it off."""

        GONE = "gone"
        FAILING = "failing"
        CUSTOMER = "customer"
        OPERATOR = "operator"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="webhook_endpoints")
    url = models.CharField(max_length=2048)
    description = models.CharField(max_length=200, blank=True)
    events = ArrayField(models.CharField(max_length=64), help_text=f'Types of events; "{EVERY_EVENT}" is each of them.')
    secret = models.TextField(editable=False, help_text="Encrypted.")
    previous_secret = models.TextField(blank=True, editable=False, help_text="Encrypted.")
    previous_secret_until = models.DateTimeField(null=True)
    status = models.CharField(max_length=16, choices=Status, default=Status.ENABLED)
    disabled_reason = models.CharField(max_length=16, choices=DisabledReason, blank=True)
    failing_since = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    deleted_at = models.DateTimeField(null=True)
    next_attempt_at = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True)
    claim = models.UUIDField(null=True, editable=False)

    objects = EndpointQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status="enabled", disabled_reason="") | Q(Q(status="disabled"), ~Q(disabled_reason="")),
                name="endpoint_disabled_for_a_reason",
            ),
            models.CheckConstraint(
                condition=~(Q(previous_secret="") ^ Q(previous_secret_until=None)),
                name="endpoint_previous_secret_ends",
            ),
            models.CheckConstraint(
                condition=Q(deleted_at=None) | Q(status="disabled", secret="", previous_secret=""),
                name="endpoint_deleted_is_silent",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "-created_at"], name="endpoint_newest"),
            models.Index(fields=["next_attempt_at"], condition=WAITING, name="endpoint_waiting"),
            models.Index(fields=["deleted_at"], condition=Q(deleted_at__isnull=False), name="endpoint_deleted"),
        ]

    def __str__(self) -> str:
        return f"{self.host} ({str(self.pk)[:8]})"

    @property
    def host(self) -> str:
        """Where it is; the path of its URL may be what lets one in."""
        return urlsplit(self.url).hostname or ""

    @property
    def is_enabled(self) -> bool:
        """Whether events are queued and sent."""
        return self.status == self.Status.ENABLED

    @property
    def context(self) -> str:
        """What both its secrets are encrypted for: a rotation moves the text from one column to the other."""
        return f"webhook:{self.pk}"

    def takes(self, event_type: str) -> bool:
        """Whether its filter takes a type of event, which must be a public one."""
        return EVERY_EVENT in self.events or event_type in self.events
