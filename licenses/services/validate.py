"""Is this key good? Asked by CI scripts, without log-in."""

from dataclasses import dataclass
from datetime import datetime

from licenses import keys
from licenses.models import License


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a key is worth: a license, or a code and a sentence that say why not."""

    license: License | None
    checked_at: datetime
    code: str = ""
    reason: str = ""

    @property
    def is_valid(self) -> bool:
        """Whether the license may be used now."""
        return self.license is not None


REASONS = {
    "malformed_key": "The license key has a typing error.",
    "not_found": "No license has this key.",
    License.EXPIRED: "The license has expired.",
    License.Status.SUSPENDED: "The license is suspended.",
    License.Status.REVOKED: "The license has been revoked.",
}


def validate_key(key: str, *, now: datetime) -> Verdict:
    """The verdict on a key."""
    normalized = keys.normalize(key)
    if keys.is_malformed(normalized):
        return _invalid("malformed_key", now)
    # tenancy: whoever has a key may ask what it is worth, and hears nothing of whose it is
    license = License.objects.filter(key_normalized=normalized).first()
    if license is None:
        return _invalid("not_found", now)
    if not license.is_usable(at=now):
        return _invalid(license.status_at(now), now)
    return Verdict(license=license, checked_at=now)


def _invalid(code: str, now: datetime) -> Verdict:
    return Verdict(license=None, checked_at=now, code=code, reason=REASONS[code])
