"""A machine takes a seat."""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Min

from accounts.models import Membership
from coditect.errors import Conflict, DomainError, Forbidden, NotFound
from coditect.journal.services import record_event
from licenses import keys, leases
from licenses.models import License, SeatSession
from licenses.services.capacity import mark_surplus
from licenses.services.exhaustion import tell_of_exhaustion
from licenses.services.former_keys import KEY_REPLACED, is_retired
from licenses.services.seats import LockedLicense, Machine, record_seat_event

EARLIEST_LEASES = 20


class LicenseNotFound(NotFound):
    """No such license in the caller's organization."""

    code = "license_not_found"
    message = "License not found."


class LicenseExpired(Forbidden):
    """The license's time is over."""

    code = "license_expired"
    message = "The license has expired."


class LicenseSuspended(Forbidden):
    """The license rests, for instance until a bill is paid."""

    code = "license_suspended"
    message = "The license is suspended."


class LicenseRevoked(Forbidden):
    """The license was taken back."""

    code = "license_revoked"
    message = "The license has been revoked."


class SeatsForbidden(Forbidden):
    """A viewer asked for a seat, or somebody who was put out meanwhile."""

    message = "You cannot hold seats of this organization: viewers only look on."


class NoSeatsAvailable(Conflict):
    """Every seat is held. `next_available_at` is when the first could fall free without a further heartbeat."""

    code = "no_seats_available"
    message = "No seats available: all seats of this license are in use."


REFUSALS: dict[str, type[DomainError]] = {
    License.EXPIRED: LicenseExpired,
    License.Status.SUSPENDED: LicenseSuspended,
    License.Status.REVOKED: LicenseRevoked,
}


@dataclass(frozen=True, kw_only=True)
class HeldSeat:
    """A seat in a client's hands; `at` is the moment of the answer, `is_new` false where it held one already."""

    session: SeatSession
    license: License
    seats_remaining: int
    at: datetime
    is_new: bool = False


def acquire_seat(
    *,
    membership: Membership,
    license_key: str,
    hardware_id: str,
    ip_address: str,
    client_version: str = "",
    metadata: dict[str, Any] | None = None,
) -> HeldSeat:
    """Give a machine a seat, or renew the one it holds.

    Raises SeatsForbidden, LicenseNotFound, LicenseExpired, LicenseSuspended, LicenseRevoked, NoSeatsAvailable. A
    refusal is raised after the commit: raised inside, it would undo the expiries and the denial found on the way.
    """
    if not membership.may_hold_seats:
        raise SeatsForbidden
    machine = Machine(user_id=membership.user_id, hardware_id=hardware_id)
    licenses = License.objects.for_organization(membership.organization)
    key = keys.normalize(license_key)
    with transaction.atomic():
        locked = LockedLicense.take(licenses.filter(keys=key), machine)
        if locked is None:
            raise LicenseNotFound
        if is_retired(locked.license, key, at=locked.now):
            raise LicenseRevoked(KEY_REPLACED)
        outcome = _decide(
            locked,
            machine,
            ip_address=ip_address,
            client_version=client_version,
            metadata=metadata or {},
        )
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


def _decide(locked: LockedLicense, machine: Machine, **about: Any) -> HeldSeat | DomainError:
    if not locked.is_welcome:
        return SeatsForbidden()
    refusal = REFUSALS.get(locked.license.status_at(locked.now))
    if refusal:
        return refusal()
    mark_surplus(locked)
    own = own_session(locked)
    if own and not locked.dead_among([own]):
        locked.extend(own)
        return _held(locked, own, is_new=False)
    if own or locked.is_full:
        locked.end_dead()
    if locked.is_full or locked.free_slot is None:
        return _deny(locked, machine)
    session = SeatSession.objects.create(
        id=leases.new_session_id(locked.license.lease_group),
        license=locked.license,
        user_id=machine.user_id,
        hardware_id=machine.hardware_id,
        slot=locked.free_slot,
        started_at=locked.now,
        expires_at=locked.deadline(),
        **about,
    )
    locked.used += 1
    record_seat_event("license.seat.acquired", session, locked)
    locked.extend(session)
    return _held(locked, session, is_new=True)


def own_session(locked: LockedLicense) -> SeatSession | None:
    """The session that the machine has already, alive or dead."""
    if locked.own_session_id is None:
        return None
    return SeatSession.objects.get(license=locked.license, pk=locked.own_session_id)


def _held(locked: LockedLicense, session: SeatSession, *, is_new: bool) -> HeldSeat:
    return HeldSeat(
        session=session,
        license=locked.license,
        seats_remaining=locked.seats_remaining,
        at=locked.now,
        is_new=is_new,
    )


def _deny(locked: LockedLicense, machine: Machine) -> NoSeatsAvailable:
    license = locked.license
    record_event(
        "license.seat.denied",
        license,
        at=locked.now,
        organization_id=license.organization_id,
        data={"user_id": str(machine.user_id), "hardware_id": machine.hardware_id, "max_seats": license.max_seats},
    )
    tell_of_exhaustion(license, held=locked.used, at=locked.now)
    return NoSeatsAvailable(
        max_seats=license.max_seats, active_seats=locked.used, next_available_at=next_available_at(locked)
    )


def next_available_at(locked: LockedLicense) -> datetime | None:
    """When the first seat falls free unless its holder beats again: the later of its lease and its deadline."""
    ends_at = _earliest_end(locked)
    return max(ends_at, locked.none_dead_until) if ends_at else None


def _earliest_end(locked: LockedLicense) -> datetime | None:
    unended = SeatSession.objects.unended().filter(license=locked.license)
    leased = locked.ask(lambda: leases.live(locked.license, first=EARLIEST_LEASES))
    if leased:
        deadlines = dict(unended.filter(pk__in=leased).values_list("pk", "expires_at"))
        return min((max(deadlines[pk], lease) for pk, lease in leased.items() if pk in deadlines), default=None)
    earliest: datetime | None = unended.aggregate(earliest=Min("expires_at"))["earliest"]
    return max(earliest, locked.now + timedelta(seconds=1)) if earliest else None


def public_address(claimed: str | None, *, peer: str) -> str:
    """The address to record: what the client claims if it is a public one, else where it was seen to come from."""
    try:
        address = ipaddress.ip_address(claimed or "")
    except ValueError:
        return peer
    return str(address) if address.is_global else peer
