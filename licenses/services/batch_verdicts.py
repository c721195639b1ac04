"""What a batch finds out about keys, and how it is kept for whoever reads the results."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db.models import F

from licenses.models import Batch, BatchItem, License, LicenseKey
from licenses.services.acquire import LicenseNotFound
from licenses.services.batch_items import Outcome
from licenses.services.judge import NOT_FOUND, Terms, Verdict, judge

MOMENTS = ("last_moment", "key_works_until")


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


def write_verdict(verdict: Verdict) -> dict[str, Any]:
    """A verdict as JSON can keep it."""
    kept: dict[str, Any] = json.loads(json.dumps(asdict(verdict), default=datetime.isoformat))
    return kept


def read_verdict(kept: dict[str, Any]) -> Verdict:
    """The verdict again."""
    terms = kept["terms"]
    if terms is not None:
        terms = Terms(**terms | {name: datetime.fromisoformat(terms[name]) for name in MOMENTS})
    return Verdict(**kept | {"checked_at": datetime.fromisoformat(kept["checked_at"]), "terms": terms})
