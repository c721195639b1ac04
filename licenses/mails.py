"""What the mails of licensing show, looked up when they are written."""

from datetime import datetime

from accounts.models import Membership
from coditect.journal.mails import Composer, Context
from coditect.journal.models import Event, Mail
from licenses.models import License
from licenses.services.expiry_notices import TOLD, notice_still_due


def compose_expiry_notice(mail: Mail, _now: datetime) -> Context | None:
    """Which license it is; nothing where it was renewed meanwhile, or the reader is not its organization's any more."""
    # tenancy: the worker writes the mails of every organization
    event = Event.objects.filter(pk=mail.ids["event_id"]).first()
    license = notice_still_due(event) if event else None
    if event is None or license is None:
        return None
    days_left = event.data["days_left"]
    about = _about(license, mail)
    return about and {
        **about,
        "expires": f"{license.last_moment:%d %B %Y, %H:%M} UTC",
        "days_left": str(days_left),
        "plural": "" if days_left == 1 else "s",
    }


def compose_seats_exhausted(mail: Mail, _now: datetime) -> Context | None:
    """When a seat was refused, and of which license; nothing where it has gone to another organization since."""
    # tenancy: the worker writes the mails of every organization
    event = Event.objects.filter(pk=mail.ids["event_id"]).first()
    if event is None:
        return None
    # tenancy: the license that the mail is about, if it is still where its seats were refused
    licenses = License.objects.filter(organization=event.organization_id).select_related("organization")
    license = licenses.filter(pk=event.subject_id).first()
    about = _about(license, mail) if license else None
    return about and {**about, "at": f"{event.at:%d %B %Y, %H:%M} UTC"}


def _about(license: License, mail: Mail) -> Context | None:
    """The license and whoever reads of it; None where they do not administer its organization any more."""
    readers = Membership.objects.for_organization(license.organization)
    reader = readers.filter(role__in=TOLD, user__is_active=True, user__email=mail.to).first()
    if reader is None:
        return None
    return {
        "name": reader.user.full_name,
        "organization": license.organization.name,
        "tier": license.tier,
        "seats": str(license.max_seats),
        "seats_plural": "" if license.max_seats == 1 else "s",
        "key_ending": license.key_string[-4:],
    }


COMPOSERS: dict[str, Composer] = {
    "license_expiring": compose_expiry_notice,
    "license_expired": compose_expiry_notice,
    "seats_exhausted": compose_seats_exhausted,
}
