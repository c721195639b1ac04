"""What is written down of a license whenever something happens to it."""

from datetime import datetime
from typing import Any

from coditect.journal.catalogue import moment_or_none
from coditect.journal.services import record_event
from licenses import keys
from licenses.events import LicenseData
from licenses.models import License


def describe_license(license: License, *, at: datetime) -> LicenseData:
    """A license at a moment, without its key."""
    return {
        "license_id": str(license.pk),
        "key_ending": keys.ending(license.key_normalized),
        "tier": license.tier,
        "status": license.status_at(at),
        "holds": list(license.holds),
        "max_seats": license.max_seats,
        "features": license.features,
        "expires_at": moment_or_none(license.expires_at),
    }


def record_license_event(event_type: str, license: License, *, at: datetime, reason: str, **more: Any) -> None:
    """Write down what happened to a license, and why."""
    record_event(
        event_type,
        license,
        at=at,
        organization_id=license.organization_id,
        data={**describe_license(license, at=at), "reason": reason, **more},
    )


def record_update(license: License, *, at: datetime, reason: str = "", **previous: Any) -> None:
    """Write down that a license has other terms; `previous` are the values before."""
    record_license_event("license.updated", license, at=at, reason=reason, previous=previous)
