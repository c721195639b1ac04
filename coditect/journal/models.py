"""One row per fact, audit entry and outbox at once; and one per mail."""

import uuid
from datetime import datetime
from uuid import UUID

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Func, Value

NOTHING_ELSE = models.Q()
# Numbered and not yet looked at; events of before there were numbers are told to nobody.
UNDISPATCHED = models.Q(dispatched_at=None, number__gt=0)
SEQUENCE = Func(Value("journal_event"), Value("number"), function="pg_get_serial_sequence")


class EventQuerySet(models.QuerySet["Event"]):
    """Events, seen by those who may."""

    def for_organization(self, organization_id: UUID, *, or_such: models.Q = NOTHING_ELSE) -> "EventQuerySet":
        """What happened in one organization; and `or_such` events that concern it, as only the apps above can tell."""
        return self.filter(models.Q(organization_id=organization_id) | or_such)

    def undispatched(self) -> "EventQuerySet":
        """Those that webhooks have not yet looked at, in the order in which they are told."""
        return self.filter(UNDISPATCHED).order_by("number")


class Event(models.Model):
    """Something that happened. Ids are plain UUIDs: the journal stands below every app and points into none.

    `number` says which came first, whatever clocks say: what follows from an event is written down after that one was
    committed. Append-only: triggers refuse every change but that of `dispatched_at`, and every deletion but by
    prune_events().
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    type = models.CharField(max_length=64)
    at = models.DateTimeField()
    organization_id = models.UUIDField(null=True)
    subject_type = models.CharField(max_length=32)
    subject_id = models.UUIDField()
    actor_id = models.UUIDField(null=True)
    api_token_id = models.UUIDField(null=True)
    request_id = models.CharField(max_length=32, blank=True)
    ip = models.GenericIPAddressField(null=True)
    data = models.JSONField(default=dict)
    dispatched_at = models.DateTimeField(null=True)
    # By the database, as an identity column: a role that may insert needs no right to its sequence.
    number = models.BigIntegerField(db_default=Func(SEQUENCE, function="nextval"), editable=False)

    objects = EventQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["organization_id", "-at"]),
            models.Index(fields=["subject_id", "-at"]),
            models.Index(fields=["number"], condition=UNDISPATCHED, name="event_undispatched"),
            models.Index(fields=["organization_id", "number"], name="event_by_number"),
            models.Index(fields=["organization_id", "type", "-at"], name="event_by_type"),
            models.Index(fields=["actor_id", "-at"], name="event_by_actor"),
            models.Index(fields=["request_id"], condition=~models.Q(request_id=""), name="event_by_request"),
            BrinIndex(fields=["at"], name="event_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject_type} {self.subject_id}"


class MailQuerySet(models.QuerySet["Mail"]):
    """Mails by what is to be done with them."""

    def due(self, *, at: datetime) -> "MailQuerySet":
        """Those to be sent now, the longest waiting first."""
        return self.filter(status=Mail.Status.PENDING, next_attempt_at__lte=at).order_by("next_attempt_at")


class Mail(models.Model):
    """A mail that is to be sent, or was. It holds ids only: who sends it looks up the rest and makes the secrets."""

    class Status(models.TextChoices):
        """Where it stands; `failed` is given up."""

        PENDING = "pending"
        SENT = "sent"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    template = models.CharField(max_length=64)
    to = models.EmailField()
    ids = models.JSONField(default=dict)
    status = models.CharField(max_length=16, choices=Status, default=Status.PENDING)
    created_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=100, blank=True)

    objects = MailQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=models.Q(status="pending"), name="mail_pending"),
            models.Index(fields=["to", "-created_at"], name="mail_by_address"),
            models.Index(fields=["created_at"], name="mail_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.template} to {self.to}"


class IdempotencyRecord(models.Model):
    """What was answered to a request that must not happen twice: sealed, since it may hold secrets.

    `scope_hash` tells the caller and their key; neither lies here in clear.
    """

    scope_hash = models.CharField(primary_key=True, max_length=64)
    sealed = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="idempotency_by_age")]

    def __str__(self) -> str:
        return self.scope_hash

    @property
    def context(self) -> str:
        """What the answer is sealed for."""
        return f"idempotency:{self.scope_hash}"


class RateWindow(models.Model):
    """How many requests a limit has seen in its minute, while Redis cannot tell."""

    key = models.CharField(primary_key=True, max_length=200)
    count = models.PositiveIntegerField()
    ends_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["ends_at"], name="rate_window_by_end")]

    def __str__(self) -> str:
        return f"{self.key}: {self.count}"
