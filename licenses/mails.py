"""What the mails of licensing show, looked up when they are written."""

from datetime import datetime

from accounts.models import Membership
from coditect.journal.mails import Composer, Context
from coditect.journal.models import Event, Mail
from licenses.models import License
from licenses.services.expiry_notices import TOLD, licenses_of_notice


def compose_expiry_notice(mail: Mail, now: datetime) -> Context | None:
    """Which licenses end; nothing where they were renewed meanwhile, or the mail comes so late that they have ended."""
    # tenancy: the worker writes the mails of every organization
    notice = Event.objects.filter(pk=mail.ids["event_id"]).first()
    licenses = licenses_of_notice(notice) if notice else []
    if notice is None or not licenses:
        return None
    days_left = notice.data["days_left"]
    if days_left and licenses[0].last_moment <= now:
        return None
    about = _about(licenses[0], mail)
    return about and {
        **about,
        "expires": f"{licenses[0].last_moment:%d %B %Y, %H:%M} UTC",
        "days_left": str(days_left),
        "plural": "" if days_left == 1 else "s",
        "count": str(len(licenses)),
        "others": str(len(licenses) - 1) if len(licenses) > 1 else "",
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
