"""What a subscription gives: billing writes it into the license, seats aside."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from licenses.models import License
from licenses.services.life import lock_license, record_license_event, tell_redis


@transaction.atomic
def change_terms(
    *, license_id: UUID, tier: str, features: Sequence[str], renews_itself: bool, now: datetime
) -> License:
    """Give a license another tier and other features, and say whether a subscription moves its end.

    Raises LicenseNotFound.
    """
    locked = lock_license(license_id)
    license = locked.license
    wanted = {"tier": tier, "features": list(features), "renews_itself": renews_itself}
    changed = [name for name, value in wanted.items() if getattr(license, name) != value]
    for name in changed:
        setattr(license, name, wanted[name])
    if changed:
        license.save(update_fields=changed)
    told = {name: wanted[name] for name in changed if name != "renews_itself"}
    if told:
        tell_redis(locked)
        record_license_event("license.updated", license, at=now, reason="", **told)
    return license


@transaction.atomic
def end_license(*, license_id: UUID, at: datetime, now: datetime, reason: str = "") -> License:
    """Let a license have expired at a moment that is past, unless it has before; what was promised is kept.

    Raises LicenseNotFound.
    """
    locked = lock_license(license_id)
    license = locked.license
    end = min(at, now)
    if license.expires_at is not None and license.expires_at <= end:
        return license
    previous, license.expires_at = license.expires_at, end
    license.save(update_fields=["expires_at"])
    tell_redis(locked)
    dates = {"expires_at": end.isoformat(), "previous_expires_at": previous.isoformat() if previous else None}
    record_license_event("license.updated", license, at=now, reason=reason, **dates)
    return license
