"""Shapes of licenses."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from accounts.models import Membership
from licenses.models import License
from licenses.serializers.seats import present_sessions
from licenses.services.occupancy import active_seats, live_sessions

VISIBLE_KEY_CHARACTERS = 4


def present_licenses(
    licenses: Sequence[License], *, membership: Membership | None, now: datetime
) -> list[dict[str, Any]]:
    """Licenses with their present seats; viewers, and the staff of the service, see keys masked."""
    counts = active_seats(licenses)
    shows_keys = membership is not None and membership.may_hold_seats
    return [
        {
            "id": license.pk,
            "key_string": license.key_string if shows_keys else mask(license.key_string),
            "tier": license.tier,
            "status": license.status_at(now),
            "is_active": license.is_usable(at=now),
            "expiry_date": license.last_moment,
            "max_seats": license.max_seats,
            "active_seats": counts[license.pk],
            "available_seats": max(0, license.seats_in_force - counts[license.pk]),
            "features": license.features,
            "organization_id": license.organization_id,
            "created_at": license.created_at,
        }
        for license in licenses
    ]


def present_license(license: License, *, membership: Membership, now: datetime) -> dict[str, Any]:
    """One license, with those who hold its seats."""
    fields = present_licenses([license], membership=membership, now=now)[0]
    return fields | {"sessions": present_sessions(live_sessions(license, now=now))}


def mask(key: str) -> str:
    """A key of which only the end can be read."""
    return "*" * max(0, len(key) - VISIBLE_KEY_CHARACTERS) + key[-VISIBLE_KEY_CHARACTERS:]
