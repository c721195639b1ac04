"""Whoever administers an organization hears in time that a license ends, and when it has.

Told of is what comes due while a license has its end: one issued for five days has no notice of thirty. After an outage
of the worker only the most urgent notice is sent. Notices, their events, their mails and the next look are one
transaction under the watches' locks: two workers at once, or one that dies, send none twice and lose none. Licenses
that end together are told of in one mail.
"""

import math
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import Membership, Organization, Role
from coditect.journal.mails import queue_mail
from coditect.journal.models import Event
from coditect.journal.services import new_event, record_events
from licenses.events import ExpiryData
from licenses.models import ExpiryWatch, License
from licenses.services.facts import describe_license

# Before the end; the last one comes with it.
NOTICES = [timedelta(days=days) for days in (30, 7, 1, 0)]
DAY = timedelta(days=1)
ORGANIZATIONS_PER_RUN = 1000
# Of so many at most one mail tells: who has imported thousands is not to get thousands.
LICENSES_PER_NOTICE = 500
EXPIRING, EXPIRED = "license.expiring", "license.expired"
MAILS = {EXPIRING: "license_expiring", EXPIRED: "license_expired"}
# Owners pay, admins manage licenses; one of them is not on holiday.
TOLD = [Role.OWNER, Role.ADMIN]


def send_expiry_notices(*, now: datetime) -> int:
    """Tell of the ends that have come near or come, a bounded number; return of how many licenses.

    A suspended license waits: its notice comes when it is reinstated.
    """
    # tenancy: the worker tells every organization of its own licenses
    watched = ExpiryWatch.objects.due(at=now).values("license__organization")
    # tenancy: those that have such licenses
    organizations = list(Organization.objects.filter(pk__in=watched).order_by("pk")[:ORGANIZATIONS_PER_RUN])
    return sum(_look_at(organization, now=now) for organization in organizations)


@transaction.atomic
def _look_at(organization: Organization, *, now: datetime) -> int:
    """Send the most urgent notice of each license of an organization since the last look; how many there were."""
    due = ExpiryWatch.objects.due(at=now).for_organization(organization).order_by("look_at")
    watches = list(due.select_for_update(of=("self",), skip_locked=True)[:LICENSES_PER_NOTICE])
    # In a statement of its own: one may have got another end just before the lock was had.
    licenses = License.objects.for_organization(organization).in_bulk([watch.pk for watch in watches])
    notices = [notice for watch in watches if (notice := _look(watch, licenses.get(watch.pk), now=now))]
    record_events(notices)
    for notice in {notice.data["days_left"]: notice for notice in notices}.values():
        for address in addresses_of_those_told(organization):
            queue_mail(template=MAILS[notice.type], to=address, now=now, event_id=notice.pk)
    return len(notices)


def _look(watch: ExpiryWatch, license: License | None, *, now: datetime) -> Event | None:
    """Move a watch on; the event of the notice that is due."""
    if license is None or license.expires_at is None or license.status != License.Status.ACTIVE:
        return None
    moments = [license.expires_at - notice for notice in NOTICES]
    is_due = any(watch.look_at <= moment <= now for moment in moments)
    upcoming = [moment for moment in moments if moment > now]
    if upcoming:
        watch.look_at = min(upcoming)
        watch.save(update_fields=["look_at"])
    else:
        watch.delete()
    # What a subscription renews is no news until it has ended after all.
    is_news = license.expires_at <= now or not license.renews_itself
    return _notice_of(license, license.expires_at, now=now) if is_due and is_news else None


def _notice_of(license: License, expires_at: datetime, *, now: datetime) -> Event:
    days_left = max(0, math.ceil((expires_at - now) / DAY))
    return new_event(
        EXPIRING if days_left else EXPIRED,
        license,
        at=now,
        organization_id=license.organization_id,
        data=ExpiryData(**describe_license(license, at=now), days_left=days_left),
    )


def addresses_of_those_told(organization: Organization) -> list[str]:
    """The addresses of an organization's owners and admins."""
    told = Membership.objects.for_organization(organization).filter(role__in=TOLD, user__is_active=True)
    return list(told.order_by("user__email").values_list("user__email", flat=True))


def licenses_of_notice(notice: Event) -> list[License]:
    """The licenses that a mail is about: all that were told of together, the first to end first.

    Those that have got another end, or may not be used anyway, are left out.
    """
    if notice.organization_id is None:
        return []
    told = Event.objects.for_organization(notice.organization_id).filter(type=notice.type, at=notice.at)
    same = told.filter(data__days_left=notice.data["days_left"]).values_list("subject_id", "data__expires_at")
    ends = {license_id: datetime.fromisoformat(expires_at) for license_id, expires_at in same}
    # tenancy: the organization that was told
    licenses = License.objects.filter(organization=notice.organization_id, status=License.Status.ACTIVE, pk__in=ends)
    still = [each for each in licenses.select_related("organization") if each.expires_at == ends[each.pk]]
    return sorted(still, key=lambda each: each.last_moment)
