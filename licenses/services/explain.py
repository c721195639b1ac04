"""Why a machine would or would not get a seat just now: the checks of an acquire, one by one, changing nothing.

What decides is the same: the license under its lock, its status, and who is provably dead.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import Membership, Organization
from coditect.errors import DomainError
from coditect.journal.models import Event
from licenses.models import License, LicenseKey, SeatSession
from licenses.services.acquire import REFUSALS, NoSeatsAvailable, SeatsForbidden, next_available_at, own_session
from licenses.services.life import lock_license
from licenses.services.seats import LockedLicense, Machine

HELP_BY_HOLD = {
    License.Hold.CUSTOMER: "An administrator of the organization can reinstate it.",
    License.Hold.OPERATOR: "The operator of the service suspended it: ask their support.",
    License.Hold.BILLING: "A payment is due; once it is made, the license is reinstated.",
}


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check: what it found, the refusal that follows from it, if any, and what would help."""

    name: str
    message: str
    refusal: type[DomainError] | None = None
    details: dict[str, Any] = field(default_factory=dict)
    help: str = ""


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """The checks in the order in which an acquire makes them; it is refused by the first that fails."""

    license_id: UUID
    machine: Machine
    at: datetime
    checks: list[Check]

    @property
    def refusal(self) -> type[DomainError] | None:
        """What the acquire would be refused with."""
        return next((check.refusal for check in self.checks if check.refusal), None)


@transaction.atomic
def explain_acquire(
    *, license_id: UUID, user_id: UUID, hardware_id: str, within: Organization | None = None
) -> Explanation:
    """What would happen if a user asked at a machine for a seat of a license now. Raises LicenseNotFound."""
    machine = Machine(user_id=user_id, hardware_id=hardware_id)
    locked = lock_license(license_id, within=within, machine=machine)
    return Explanation(license_id=license_id, machine=machine, at=locked.now, checks=list(_checks(locked, user_id)))


def _checks(locked: LockedLicense, user_id: UUID) -> Iterator[Check]:
    yield _key(locked)
    yield _holder(locked, user_id)
    yield _status(locked)
    yield _expiry(locked)
    own = own_session(locked)
    holds_one = own is not None and not locked.dead_among([own])
    yield _own_seat(own if holds_one else None)
    yield _seats(locked, holds_one=holds_one)


def _key(locked: LockedLicense) -> Check:
    former = LicenseKey.objects.filter(license=locked.license, works_until__gt=locked.now)
    ends = [{"ending": key.pk[-4:], "works_until": key.works_until} for key in former.order_by("works_until")]
    return Check(
        name="key",
        message="The machine must use the license's present key, or a former one in its grace.",
        details={"key_ending": locked.license.key_normalized[-4:], "former_keys": ends},
    )


def _holder(locked: LockedLicense, user_id: UUID) -> Check:
    places = Membership.objects.for_organization(locked.license.organization)
    place = places.filter(user=user_id).first()
    details = {"role": place.role if place else None, "is_active": place.user.is_active if place else None}
    if locked.is_welcome:
        return Check(name="holder", message="The user may hold seats of this organization.", details=details)
    if place is None:
        message, advice = "The user is no member of this organization.", "Invite them."
    elif not place.user.is_active:
        message, advice = "The user was deactivated.", "The operator of the service can let them in again."
    else:
        message, advice = "The user is a viewer, who only looks on.", "Make them a member."
    return Check(name="holder", message=message, refusal=SeatsForbidden, details=details, help=advice)


def _status(locked: LockedLicense) -> Check:
    license = locked.license
    if license.status == License.Status.ACTIVE:
        return Check(name="status", message="The license is active.")
    refusal = REFUSALS[license.status]
    told = Event.objects.for_organization(license.organization_id)
    event = told.filter(subject_id=license.pk, type=f"license.{license.status}").order_by("-at").first()
    details = {
        "holds": license.holds,
        "since": event.at if event else None,
        "reason": event.data.get("reason", "") if event else "",
    }
    advice = " ".join(text for hold, text in HELP_BY_HOLD.items() if hold in license.holds)
    if license.status == License.Status.REVOKED:
        advice = "A revoked license stays revoked; another one is needed."
    return Check(name="status", message=refusal.message, refusal=refusal, details=details, help=advice)


def _expiry(locked: LockedLicense) -> Check:
    license = locked.license
    details = {"expiry_date": license.last_moment}
    if license.last_moment > locked.now:
        return Check(name="expiry", message="The license has not expired.", details=details)
    refusal = REFUSALS[License.EXPIRED]
    return Check(
        name="expiry", message=refusal.message, refusal=refusal, details=details, help="Have the license renewed."
    )


def _own_seat(session: SeatSession | None) -> Check:
    if session is None:
        return Check(name="own_seat", message="The machine holds no seat yet.")
    details = {"session_id": session.pk, "expires_at": session.expires_at, "revoking": session.revoke_at is not None}
    if session.revoke_at is None:
        return Check(name="own_seat", message="The machine holds a seat already, and keeps it.", details=details)
    return Check(
        name="own_seat",
        message="The machine holds a seat, which is being revoked and will not be renewed.",
        details=details,
        help="More seats, or others released, let it be renewed again.",
    )


def _seats(locked: LockedLicense, *, holds_one: bool) -> Check:
    seats = locked.license.max_seats
    dead = len(locked.dead_among([session for session in locked.unended() if session.expires_at <= locked.now]))
    held = locked.used - dead
    details = {
        "max_seats": seats,
        "active_seats": held,
        "available_seats": max(0, seats - held),
        "revoking_seats": locked.marked,
        "silent_seats": dead,
    }
    if holds_one:
        return Check(name="seats", message="The machine needs no further seat.", details=details)
    if held < seats:
        return Check(name="seats", message="A seat is free.", details=details)
    message = NoSeatsAvailable.message
    if locked.marked:
        message = "No seats available: sessions beyond the seat count have not run out yet."
    return Check(
        name="seats",
        message=message,
        refusal=NoSeatsAvailable,
        details=details | {"next_available_at": next_available_at(locked)},
        help="Release a seat, wait until one falls free, or have more seats.",
    )
