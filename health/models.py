"""When the Celery worker last did something."""

from django.db import models


class WorkerNote(models.Model):
    """One row: the worker was alive at `seen_at`, and the beat too, since it asked for the note."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"worker seen {self.seen_at}"
