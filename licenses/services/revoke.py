"""Seats are taken from those who may not hold them any more."""

from uuid import UUID

from django.db import transaction
from django.db.models import Q

from licenses.models import License, LicenseQuerySet, SeatSession
from licenses.services.seats import LockedLicense


@transaction.atomic
def revoke_seats_of(*, user_id: UUID, organization_id: UUID | None) -> int:
    """End the seats that a user holds in one organization, or in all; return how many there were.

    Their next heartbeats are told so. Locks every license that the user could take a seat of just now, in id order,
    and not only those where one is held: an acquire that was let in before waits, and then finds the user gone.
    """
    ids = _within_reach(user_id, organization_id).order_by("pk").values_list("pk", flat=True).distinct()
    return sum(_revoke_seats(license_id, user_id) for license_id in ids)


def _within_reach(user_id: UUID, organization_id: UUID | None) -> LicenseQuerySet:
    # tenancy: what one user could hold, and only where they lost it
    if organization_id is not None:
        return License.objects.filter(organization=organization_id)
    unended = SeatSession.objects.unended().filter(user=user_id)
    return License.objects.filter(Q(organization__memberships__user=user_id) | Q(sessions__in=unended))


def _revoke_seats(license_id: UUID, user_id: UUID) -> int:
    locked = LockedLicense.take(License.objects.filter(pk=license_id))
    if locked is None:
        return 0
    held = [session for session in locked.unended() if session.user_id == user_id]
    locked.end(held, SeatSession.EndReason.REVOKED)
    return len(held)
