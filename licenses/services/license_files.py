"""The signed license file: what a machine without a network believes instead of us."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.models import Membership
from coditect.errors import Forbidden
from coditect.journal.services import record_event
from licenses import signing
from licenses.models import License
from licenses.services.acquire import REFUSALS, LicenseNotFound

SCHEMA_VERSION = 1


class LicenseFileForbidden(Forbidden):
    """A viewer asked for a license file: it has the key in it, and is a way to use the software."""

    message = "You cannot download license files of this organization: viewers only look on."


@transaction.atomic
def sign_license_file(*, membership: Membership, license_id: UUID, now: datetime) -> bytes:
    """What a license is worth now, signed; good offline for as long as its tier may be, never past its end.

    Raises LicenseNotFound, LicenseFileForbidden, LicenseExpired, LicenseSuspended, LicenseRevoked.
    """
    license = License.objects.for_organization(membership.organization).filter(pk=license_id).first()
    if license is None:
        raise LicenseNotFound
    if not membership.may_hold_seats:
        raise LicenseFileForbidden
    if not license.is_usable(at=now):
        raise REFUSALS[license.status_at(now)]
    facts = _facts(license, membership, issued_at=now.replace(microsecond=0))
    record_event(
        "license.downloaded",
        license,
        at=now,
        organization_id=license.organization_id,
        data={"license_id": str(license.pk), "valid_until": facts["valid_until"].isoformat()},
    )
    return signing.sign_flattened(facts, now=now)


def offline_grace(tier: str) -> timedelta:
    """For how long a file of this tier is good."""
    return timedelta(days=settings.OFFLINE_GRACE_DAYS.get(tier, settings.OFFLINE_GRACE_DAYS_OTHERS))


def _facts(license: License, membership: Membership, *, issued_at: datetime) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "iss": settings.PUBLIC_URL,
        "issued_at": issued_at,
        "valid_until": min(issued_at + offline_grace(license.tier), license.last_moment),
        "license_id": license.pk,
        "license_key": license.key_string,
        "tier": license.tier,
        "status": license.status_at(issued_at),
        "features": license.features,
        "max_seats": license.max_seats,
        "expiry_date": license.last_moment,
        "organization_id": license.organization_id,
        "organization_name": membership.organization.name,
    }
