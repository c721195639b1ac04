"""The items of a batch: claimed, found their license, and settled, all in the transaction of what is done to them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from coditect.errors import DomainError
from licenses.models import Batch, BatchItem, License
from licenses.services.acquire import LicenseNotFound, LicenseRevoked
from licenses.services.former_keys import KEY_REPLACED, is_retired

SETTLE = """
WITH settled AS (
    UPDATE licenses_batchitem item
    SET status = done.status, code = done.code, message = done.message, verdict = done.verdict::jsonb
    FROM unnest(%(ids)s::bigint[], %(statuses)s::text[], %(codes)s::text[], %(messages)s::text[], %(verdicts)s::text[])
         AS done (id, status, code, message, verdict)
    WHERE item.id = done.id RETURNING item.status
)
UPDATE licenses_batch
SET succeeded = succeeded + (SELECT count(*) FROM settled WHERE status = 'succeeded'),
    failed = failed + (SELECT count(*) FROM settled WHERE status = 'failed')
WHERE id = %(batch)s
"""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of an item: done, or refused with a code and a sentence; a verdict that was asked for, in JSON."""

    code: str = ""
    message: str = ""
    verdict: str | None = None

    @classmethod
    def refused(cls, refusal: DomainError, *, verdict: str | None = None) -> "Outcome":
        """By a use case."""
        return cls(code=refusal.code, message=refusal.text, verdict=verdict)

    @property
    def status(self) -> str:
        """How it went."""
        return BatchItem.Status.FAILED if self.code else BatchItem.Status.SUCCEEDED


def claim_items(batch: Batch, *, at_most: int) -> list[BatchItem]:
    """Items not done, ours until the end of the transaction; those that others have in hand are passed over.

    Those that an outage prevented come last.
    """
    pending = BatchItem.objects.filter(batch=batch, status=BatchItem.Status.PENDING)
    return list(pending.order_by("attempts", "position").select_for_update(skip_locked=True)[:at_most])


def license_id_of(batch: Batch, item: BatchItem, *, now: datetime) -> UUID:
    """The id of the license that an item names; one named by an id need not exist.

    Raises LicenseNotFound, and LicenseRevoked for a key that was replaced and whose grace is over.
    """
    if item.license_id:
        return item.license_id
    license = License.objects.for_organization(batch.organization).filter(keys=item.key_normalized).first()
    if license is None:
        raise LicenseNotFound
    if is_retired(license, item.key_normalized, at=now):
        raise LicenseRevoked(KEY_REPLACED)
    return license.pk


def settle_items(batch: Batch, outcomes: Mapping[int, Outcome]) -> None:
    """Write down what came of claimed items, by their ids, and count it."""
    done = outcomes.values()
    values: dict[str, UUID | list[int] | list[str] | list[str | None]] = {
        "batch": batch.pk,
        "ids": list(outcomes),
        "statuses": [str(outcome.status) for outcome in done],
        "codes": [outcome.code for outcome in done],
        "messages": [outcome.message for outcome in done],
        "verdicts": [outcome.verdict for outcome in done],
    }
    with connection.cursor() as cursor:
        cursor.execute(SETTLE, values)
