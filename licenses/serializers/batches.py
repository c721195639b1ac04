"""Shapes of batches: orders and filters in, batches and results out."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers

from coditect.api.fields import IdField, TextField
from coditect.api.queries import ListQuery
from licenses.models import Batch, BatchItem
from licenses.serializers.licenses import mask
from licenses.serializers.validation import present_verdict
from licenses.services.batches import MAX_ITEMS
from licenses.services.judge import read_verdict


class BatchSerializer(serializers.Serializer[Any]):
    """What a batch takes: licenses by their ids or by their keys."""

    operation = serializers.ChoiceField(choices=Batch.Operation.values)
    ids = serializers.ListField(child=IdField(), required=False, allow_empty=False, max_length=MAX_ITEMS)
    keys = serializers.ListField(
        child=TextField(max_length=200), required=False, allow_empty=False, max_length=MAX_ITEMS
    )
    expires_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="Of a renewal, which needs it: the new end; null: never."
    )
    reason = TextField(max_length=200, required=False, allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ids or keys, and an expiry where one is needed."""
        if "ids" in attrs and "keys" in attrs:
            raise _refusal("keys", "Send ids or keys, not both.", code="exclusive")
        if "ids" not in attrs and "keys" not in attrs:
            raise _refusal("ids", "Send ids or keys.", code="required")
        renews = attrs["operation"] == Batch.Operation.RENEW
        if renews and "expires_at" not in attrs:
            raise _refusal("expires_at", "A renewal needs expires_at.", code="required")
        if not renews and "expires_at" in attrs:
            raise _refusal("expires_at", "Only a renewal has expires_at.", code="exclusive")
        return attrs


class BatchQuery(ListQuery):
    """Filters of the list of batches."""

    sortable: ClassVar[dict[str, str]] = {"created_at": "created_at"}

    status = serializers.ChoiceField(required=False, choices=Batch.Status.values)
    operation = serializers.ChoiceField(required=False, choices=Batch.Operation.values)

    def filter_status(self, rows: QuerySet[Batch], value: str) -> QuerySet[Batch]:
        """Of one status."""
        return rows.filter(status=value)

    def filter_operation(self, rows: QuerySet[Batch], value: str) -> QuerySet[Batch]:
        """Of one operation."""
        return rows.filter(operation=value)


class BatchResultQuery(ListQuery):
    """Filters of a batch's results."""

    sortable: ClassVar[dict[str, str]] = {"position": "position"}
    default_sort: ClassVar[str] = "position"

    status = serializers.ChoiceField(required=False, choices=BatchItem.Status.values)

    def filter_status(self, rows: QuerySet[BatchItem], value: str) -> QuerySet[BatchItem]:
        """Of one status."""
        return rows.filter(status=value)


def present_batches(batches: Sequence[Batch]) -> list[dict[str, Any]]:
    """Batches as the list and the detail show them."""
    return [present_batch(batch) for batch in batches]


def present_batch(batch: Batch) -> dict[str, Any]:
    """One batch."""
    return {
        "id": batch.pk,
        "operation": batch.operation,
        "expires_at": batch.expires_at,
        "reason": batch.reason,
        "status": batch.status,
        "total": batch.total,
        "succeeded": batch.succeeded,
        "failed": batch.failed,
        "created_at": batch.created_at,
        "started_at": batch.started_at,
        "finished_at": batch.finished_at,
    }


def present_results(items: Sequence[BatchItem]) -> list[dict[str, Any]]:
    """What came of items; keys are masked."""
    return [
        {
            "position": item.position,
            "id": item.license_id,
            "key": mask(item.key_normalized) if item.key_normalized else None,
            "status": item.status,
            "code": item.code or None,
            "message": item.message or None,
            "verdict": present_verdict(read_verdict(item.verdict)) if item.verdict else None,
        }
        for item in items
    ]


def _refusal(field: str, message: str, *, code: str) -> serializers.ValidationError:
    return serializers.ValidationError({field: serializers.ErrorDetail(message, code=code)})
