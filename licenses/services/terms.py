"""What a subscription gives: billing writes it into the license, seats aside."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from coditect.journal.catalogue import moment_or_none
from licenses.models import License
from licenses.services.facts import record_update
from licenses.services.life import lock_license, tell_redis


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
    previous = {name: getattr(license, name) for name, value in wanted.items() if getattr(license, name) != value}
    for name in previous:
        setattr(license, name, wanted[name])
    if previous:
        license.save(update_fields=list(previous))
    previous.pop("renews_itself", None)
    if previous:
        tell_redis(locked)
        record_update(license, at=now, **previous)
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
    record_update(license, at=now, reason=reason, expires_at=moment_or_none(previous))
    return license
