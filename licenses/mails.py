"""What the mails of licensing show, looked up when they are written."""

from datetime import datetime

from accounts.models import Membership
from coditect.journal.mails import Composer, Context
from coditect.journal.models import Event, Mail
from licenses.services.expiry_notices import TOLD, notice_still_due


def compose_expiry_notice(mail: Mail, _now: datetime) -> Context | None:
    """Which license it is; nothing where it was renewed meanwhile, or the reader is not its organization's any more."""
    # tenancy: the worker writes the mails of every organization
    event = Event.objects.filter(pk=mail.ids["event_id"]).first()
    license = notice_still_due(event) if event else None
    if event is None or license is None:
        return None
    readers = Membership.objects.for_organization(license.organization)
    reader = readers.filter(role__in=TOLD, user__is_active=True, user__email=mail.to).first()
    if reader is None:
        return None
    days_left = event.data["days_left"]
    return {
        "name": reader.user.full_name,
        "organization": license.organization.name,
        "tier": license.tier,
        "seats": str(license.max_seats),
        "seats_plural": "" if license.max_seats == 1 else "s",
        "key_ending": license.key_string[-4:],
        "expires": f"{license.last_moment:%d %B %Y, %H:%M} UTC",
        "days_left": str(days_left),
        "plural": "" if days_left == 1 else "s",
    }


COMPOSERS: dict[str, Composer] = {
    "license_expiring": compose_expiry_notice,
    "license_expired": compose_expiry_notice,
}
