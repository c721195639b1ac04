"""One row per fact: audit entry and outbox at once."""

import uuid

from django.db import models


class Event(models.Model):
    """Something that happened. Ids are plain UUIDs: the journal stands below every app and points into none."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    type = models.CharField(max_length=64)
    at = models.DateTimeField()
    organization_id = models.UUIDField(null=True)
    subject_type = models.CharField(max_length=32)
    subject_id = models.UUIDField()
    actor_id = models.UUIDField(null=True)
    request_id = models.CharField(max_length=32, blank=True)
    ip = models.GenericIPAddressField(null=True)
    data = models.JSONField(default=dict)
    dispatched_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["organization_id", "-at"]),
            models.Index(fields=["subject_id", "-at"]),
            models.Index(fields=["at"], condition=models.Q(dispatched_at=None), name="event_undispatched"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject_type} {self.subject_id}"
