"""Whoever administers an organization hears in time that a license ends, and when it has.

Told of is what comes due while a license has its end: one issued for five days has no notice of thirty. After an outage
of the worker only the most urgent notice is sent. A notice, its event, its mails and the next look are one transaction
under the watch's lock: two workers at once, or one that dies, send none twice and lose none.
"""

import math
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.models import Membership, Organization, Role
from coditect.journal.mails import queue_mail
from coditect.journal.models import Event
from coditect.journal.services import record_event
from licenses.models import ExpiryWatch, License

# Before the end; the last one comes with it.
NOTICES = [timedelta(days=days) for days in (30, 7, 1, 0)]
DAY = timedelta(days=1)
LOOKS_PER_RUN = 1000
EXPIRING, EXPIRED = "license.expiring", "license.expired"
MAILS = {EXPIRING: "license_expiring", EXPIRED: "license_expired"}
# Owners pay, admins manage licenses; one of them is not on holiday.
TOLD = [Role.OWNER, Role.ADMIN]


def send_expiry_notices(*, now: datetime) -> int:
    """Tell of the ends that have come near or come, a bounded number of licenses; return how many were told of.

    A suspended license waits: its notice comes when it is reinstated.
    """
    # tenancy: the worker tells every organization of its own licenses
    due = ExpiryWatch.objects.filter(look_at__lte=now, license__status=License.Status.ACTIVE)
    ids = list(due.order_by("look_at").values_list("pk", flat=True)[:LOOKS_PER_RUN])
    return sum(_look(license_id, now=now) for license_id in ids)


@transaction.atomic
def _look(license_id: UUID, *, now: datetime) -> bool:
    """Send the most urgent notice that has come due since the last look; whether there was one."""
    # tenancy: one of those that are due
    watch = ExpiryWatch.objects.select_for_update(skip_locked=True).filter(pk=license_id, look_at__lte=now).first()
    if watch is None:
        return False
    # In a statement of its own: it may have got another end just before the lock was had.
    license = License.objects.select_related("organization").get(pk=watch.pk)
    if license.expires_at is None or license.status != License.Status.ACTIVE:
        return False
    moments = [license.expires_at - notice for notice in NOTICES]
    is_told = any(watch.look_at <= moment <= now for moment in moments)
    if is_told:
        _tell(license, license.expires_at, now=now)
    _look_again(watch, [moment for moment in moments if moment > now])
    return is_told


def _look_again(watch: ExpiryWatch, moments: list[datetime]) -> None:
    if not moments:
        watch.delete()
        return
    watch.look_at = min(moments)
    watch.save(update_fields=["look_at"])


def _tell(license: License, expires_at: datetime, *, now: datetime) -> None:
    days_left = max(0, math.ceil((expires_at - now) / DAY))
    event = record_event(
        EXPIRING if days_left else EXPIRED,
        license,
        at=now,
        organization_id=license.organization_id,
        data={"license_id": str(license.pk), "expires_at": expires_at.isoformat(), "days_left": days_left},
    )
    for address in addresses_of_those_told(license.organization):
        queue_mail(template=MAILS[event.type], to=address, now=now, event_id=event.pk)


def addresses_of_those_told(organization: Organization) -> list[str]:
    """The addresses of an organization's owners and admins."""
    told = Membership.objects.for_organization(organization).filter(role__in=TOLD, user__is_active=True)
    return list(told.order_by("user__email").values_list("user__email", flat=True))


def notice_still_due(event: Event) -> License | None:
    """The license of a notice; None where it has got another end, or may not be used anyway."""
    # tenancy: the license that the notice was about
    license = License.objects.select_related("organization").filter(pk=event.subject_id).first()
    if license is None or license.expires_at is None or license.status != License.Status.ACTIVE:
        return None
    return license if license.expires_at == datetime.fromisoformat(event.data["expires_at"]) else None
