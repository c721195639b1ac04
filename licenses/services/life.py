"""The life of a license: suspended and reinstated, revoked, renewed.

Seats follow: without any in force no session is renewed, and each ends when its promise does.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction

from accounts.models import Organization
from coditect.errors import Conflict, InvalidInput
from coditect.journal.catalogue import moment_or_none
from licenses.models import License, LicenseQuerySet, SeatSession
from licenses.services.acquire import LicenseNotFound
from licenses.services.capacity import put_seats_in_force
from licenses.services.facts import record_license_event, record_update
from licenses.services.seats import LockedLicense, Machine


class RevocationIsFinal(Conflict):
    """The license was revoked; nothing brings it back."""

    code = "revocation_is_final"
    message = "A revoked license stays revoked. Issue a new one instead."


class SuspensionStands(Conflict):
    """Others keep the license suspended; the details name them."""

    code = "suspension_stands"
    message = "The license was suspended by somebody else, and only they can reinstate it."


@transaction.atomic
def suspend_license(
    *,
    license_id: UUID,
    now: datetime,
    reason: str = "",
    hold: License.Hold = License.Hold.CUSTOMER,
    within: Organization | None = None,
) -> License:
    """Let no seat be taken or renewed until whoever holds the license reinstates it; twice is the same as once.

    `within`: the organization that must have it. Raises LicenseNotFound, RevocationIsFinal.
    """
    locked = lock_license(license_id, within=within)
    refuse_revoked(locked.license)
    if hold not in locked.license.holds:
        _hold(locked, [*locked.license.holds, hold], "license.suspended", reason=reason, now=now)
    return locked.license


@transaction.atomic
def reinstate_license(
    *,
    license_id: UUID,
    now: datetime,
    reason: str = "",
    hold: License.Hold = License.Hold.CUSTOMER,
    within: Organization | None = None,
) -> License:
    """Lift a hold; once the last one is, sessions that fit are renewed again. Twice is the same as once.

    Raises LicenseNotFound, RevocationIsFinal, and SuspensionStands where only others hold it.
    """
    locked = lock_license(license_id, within=within)
    license = locked.license
    refuse_revoked(license)
    if hold not in license.holds and license.holds:
        raise SuspensionStands(holds=license.holds)
    if license.status == License.Status.SUSPENDED:
        others = [other for other in license.holds if other != hold]
        _hold(locked, others, "license.reinstated", reason=reason, now=now)
    return license


@transaction.atomic
def revoke_license(
    *,
    license_id: UUID,
    now: datetime,
    reason: str = "",
    immediately: bool = False,
    within: Organization | None = None,
) -> License:
    """Take a license back for good; its sessions are not renewed, or end `immediately`. Twice is the same as once.

    Raises LicenseNotFound.
    """
    locked = lock_license(license_id, within=within)
    license = locked.license
    if immediately:
        locked.end(locked.unended(), SeatSession.EndReason.REVOKED)
    if license.status != License.Status.REVOKED:
        license.status, license.holds = License.Status.REVOKED, []
        license.save(update_fields=["status", "holds"])
        put_seats_in_force(locked)
        record_license_event("license.revoked", license, at=now, reason=reason)
    return license


@transaction.atomic
def renew_license(
    *,
    license_id: UUID,
    expires_at: datetime | None,
    now: datetime,
    reason: str = "",
    within: Organization | None = None,
) -> License:
    """Let a license last until `expires_at`, or for ever; one that has expired may be used again.

    An earlier end than before is possible, too: what was promised beyond it is kept, but not renewed. Raises
    LicenseNotFound, RevocationIsFinal, and InvalidInput for an end that is past.
    """
    if expires_at is not None and expires_at <= now:
        raise InvalidInput("expires_at", "The expiry must lie in the future.")
    locked = lock_license(license_id, within=within)
    license = locked.license
    refuse_revoked(license)
    if license.expires_at == expires_at:
        return license
    previous, previous_end, license.expires_at = license.expires_at, license.last_moment, expires_at
    license.save(update_fields=["expires_at"])
    before = moment_or_none(previous)
    record_license_event("license.renewed", license, at=now, reason=reason, previous_expires_at=before)
    if license.last_moment < previous_end:
        tell_redis(locked)
    else:
        # Not before: were this COMMIT to fail, Redis would renew sessions beyond the license's end.
        transaction.on_commit(partial(tell_redis_of, license.pk), robust=True)
    return license


def lock_license(
    license_id: UUID, *, within: Organization | None = None, machine: Machine | None = None
) -> LockedLicense:
    """A license under its lock, in whatever organization or only `within` one. Raises LicenseNotFound."""
    # tenancy: the staff of the service, billing, and tasks act on any license; a customer's request says `within`
    licenses: LicenseQuerySet = License.objects.filter(pk=license_id)
    locked = LockedLicense.take(licenses.for_organization(within) if within else licenses, machine)
    if locked is None:
        raise LicenseNotFound
    return locked


def _hold(locked: LockedLicense, holds: Sequence[str], event_type: str, *, reason: str, now: datetime) -> None:
    """Change who holds a license; where that changes nothing for its users, the event is a mere update."""
    license, before, held_by = locked.license, locked.license.status, locked.license.holds
    license.holds = list(holds)
    license.status = License.Status.SUSPENDED if holds else License.Status.ACTIVE
    license.save(update_fields=["holds", "status"])
    if license.status == before:
        record_update(license, at=now, reason=reason, holds=held_by)
        return
    put_seats_in_force(locked)
    record_license_event(event_type, license, at=now, reason=reason)


def refuse_revoked(license: License) -> None:
    """Raise RevocationIsFinal for a license that was revoked."""
    if license.status == License.Status.REVOKED:
        raise RevocationIsFinal


def tell_redis(locked: LockedLicense) -> None:
    """Tell Redis what a license is now, or have that done once Redis is back."""
    if not locked.describe():
        locked.repair_later()


@transaction.atomic
def tell_redis_of(license_id: UUID) -> None:
    """Tell Redis what a license is by now. Raises LicenseNotFound."""
    tell_redis(lock_license(license_id))
