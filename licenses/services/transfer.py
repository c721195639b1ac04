"""A license goes to another organization."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Membership, Organization, Role
from accounts.services.organizations import lock_organization
from licenses.models import License, SeatSession
from licenses.services.facts import record_license_event
from licenses.services.life import lock_license, refuse_revoked
from licenses.services.seats import LockedLicense


@transaction.atomic
def transfer_license(*, license_id: UUID, organization_id: UUID, now: datetime, reason: str = "") -> License:
    """Hand a license to another organization, with its key, its holds and its end; twice is the same as once.

    Whoever may not hold seats there loses theirs at once, as a removed member does: a session that lived on would show
    one customer the people and machines of another. For that reason, too, what ended before is shown to neither. Raises
    OrganizationNotFound, LicenseNotFound, RevocationIsFinal.
    """
    # Before the license, as in the deletion of an organization: none arrives in one that is being deleted.
    organization = lock_organization(organization_id)
    locked = lock_license(license_id)
    license = locked.license
    refuse_revoked(license)
    if license.organization_id == organization.pk:
        return license
    locked.end(_of_strangers(locked, organization), SeatSession.EndReason.REVOKED)
    record_license_event("license.transferred", license, at=now, reason=reason, direction="out")
    license.organization, license.transferred_at = organization, locked.now
    license.save(update_fields=["organization", "transferred_at"])
    record_license_event("license.transferred", license, at=now, reason=reason, direction="in")
    return license


def _of_strangers(locked: LockedLicense, organization: Organization) -> list[SeatSession]:
    """Sessions of those who may hold no seats of an organization."""
    places = Membership.objects.for_organization(organization).filter(user__is_active=True).exclude(role=Role.VIEWER)
    welcome = set(places.values_list("user_id", flat=True))
    return [session for session in locked.unended() if session.user_id not in welcome]
