"""Batches in the console."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from coditect.journal.admin import RecordAdmin
from licenses.models import Batch
from licenses.services.batches import BatchCompleted, cancel_batch


@admin.register(Batch)
class BatchAdmin(RecordAdmin):
    """Batches, to look at and to cancel."""

    list_display = [
        "operation",
        "organization",
        "status",
        "total",
        "succeeded",
        "failed",
        "created_at",
        "finished_at",
    ]
    list_filter = ["status", "operation"]
    search_fields = ["organization__name", "=id"]
    ordering = ["-created_at"]
    list_select_related = ["organization"]
    actions = ["cancel"]

    @admin.action(description="Cancel the selected batches", permissions=["end"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Batch]) -> None:
        """Leave undone what is not done yet; finished ones stay as they are."""
        batches = queryset.filter(finished_at=None).select_related("organization")
        self.message_user(request, f"{sum(map(_cancel, batches))} batches canceled.")


def _cancel(batch: Batch) -> bool:
    """Return whether it was in time: the worker may have completed it meanwhile."""
    try:
        cancel_batch(organization=batch.organization, batch_id=batch.pk, now=timezone.now())
    except BatchCompleted:
        return False
    return True
