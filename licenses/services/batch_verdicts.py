"""What a batch finds out about keys: the verdicts that anybody gets who asks for one."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import F

from licenses.models import Batch, BatchItem, License, LicenseKey
from licenses.services.acquire import LicenseNotFound
from licenses.services.batch_items import Outcome
from licenses.services.judge import NOT_FOUND, judge, write_verdict


def judge_items(batch: Batch, items: Sequence[BatchItem], *, now: datetime) -> dict[int, Outcome]:
    """What comes of validating items, by their ids; a license that is not the organization's makes one fail."""
    own = License.objects.for_organization(batch.organization)
    entries = LicenseKey.objects.filter(license__in=own).select_related("license")
    ids = [item.license_id for item in items if item.license_id]
    current = entries.filter(license_id__in=ids, pk=F("license__key_normalized"))
    by_id = {entry.license_id: entry for entry in current}
    by_key = entries.in_bulk({item.key_normalized for item in items if item.key_normalized})
    found = {item.pk: by_id.get(item.license_id) or by_key.get(item.key_normalized) for item in items}
    return {item.pk: _judge(item, found[item.pk], now=now) for item in items}


def _judge(item: BatchItem, entry: LicenseKey | None, *, now: datetime) -> Outcome:
    verdict = judge(entry, key=item.key_normalized or (entry.pk if entry else ""), now=now)
    if verdict.code == NOT_FOUND:
        return Outcome.refused(LicenseNotFound(), verdict=write_verdict(verdict))
    return Outcome(verdict=write_verdict(verdict))
