"""What a key is worth, once it is known what lies under it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from licenses import keys
from licenses.models import PERPETUAL, License, LicenseKey
from licenses.services.former_keys import KEY_REPLACED

MOMENTS = ("last_moment", "key_works_until")
MALFORMED, NOT_FOUND = "malformed_key", "not_found"
REASONS = {
    MALFORMED: "The license key has a typing error.",
    NOT_FOUND: "No license has this key.",
    License.EXPIRED: "The license has expired.",
    License.Status.SUSPENDED: "The license is suspended.",
    License.Status.REVOKED: "The license has been revoked.",
}


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a good key stands for; a former key works for a shorter time than its license."""

    tier: str
    last_moment: datetime
    key_works_until: datetime
    max_seats: int
    features: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a key was worth at `checked_at`: its license's terms, or a code and a sentence that say why nothing.

    `receipt` is the same, signed; None where there is none (see receipts.py).
    """

    checked_at: datetime
    terms: Terms | None = None
    code: str = ""
    reason: str = ""
    receipt: str | None = None

    @property
    def is_valid(self) -> bool:
        """Whether the license may be used."""
        return self.terms is not None


def write_verdict(verdict: Verdict) -> str:
    """A verdict in JSON, for whoever keeps it."""
    return json.dumps(asdict(verdict), default=datetime.isoformat)


def read_verdict(kept: dict[str, Any]) -> Verdict:
    """The same again, from the data in that JSON."""
    terms = kept["terms"]
    if terms is not None:
        terms = Terms(**terms | {name: datetime.fromisoformat(terms[name]) for name in MOMENTS})
    return Verdict(**kept | {"checked_at": datetime.fromisoformat(kept["checked_at"]), "terms": terms})


def judge(entry: LicenseKey | None, *, key: str, now: datetime) -> Verdict:
    """The verdict on a normalised key, for what was found under it."""
    license = entry.license if entry else None
    if entry is None or license is None:
        return _bad(MALFORMED if keys.is_malformed(key) else NOT_FOUND, now)
    if key != license.key_normalized and not entry.still_works(at=now):
        return _bad(License.Status.REVOKED, now, reason=KEY_REPLACED)
    if not license.is_usable(at=now):
        return _bad(license.status_at(now), now)
    return Verdict(checked_at=now, terms=_terms(license, entry))


def _bad(code: str, now: datetime, *, reason: str = "") -> Verdict:
    return Verdict(checked_at=now, code=code, reason=reason or REASONS[code])


def _terms(license: License, entry: LicenseKey) -> Terms:
    return Terms(
        tier=license.tier,
        last_moment=license.last_moment,
        key_works_until=min(license.last_moment, entry.works_until or PERPETUAL),
        max_seats=license.max_seats,
        features=license.features,
    )
