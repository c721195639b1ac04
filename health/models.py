"""When Celery's workers last did something."""

from django.db import models


class WorkerNote(models.Model):
    """One row for the worker (1) and one for the deliverer (2): alive at `seen_at`, and the beat, too, which asked."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"worker {self.pk} seen {self.seen_at}"
