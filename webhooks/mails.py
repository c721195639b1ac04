"""What the mails of webhooks show, looked up when they are written."""

from datetime import datetime
from urllib.parse import urlsplit

from accounts.models import Membership
from coditect.journal.mails import Composer, Context
from coditect.journal.models import Event, Mail
from licenses.services.expiry_notices import TOLD
from webhooks.models import Endpoint
from webhooks.services.disable import MAIL


def compose_disabled(mail: Mail, _now: datetime) -> Context | None:
    """Which endpoint, and why; nothing where it is enabled again or deleted meanwhile."""
    # tenancy: the worker writes the mails of every organization
    event = Event.objects.filter(pk=mail.ids["event_id"]).first()
    if event is None:
        return None
    # tenancy: the endpoint that the mail is about
    still = Endpoint.objects.existing().filter(pk=event.subject_id, disabled_reason=event.data["reason"])
    endpoint = still.select_related("organization").first()
    if endpoint is None:
        return None
    readers = Membership.objects.for_organization(endpoint.organization)
    reader = readers.filter(role__in=TOLD, user__is_active=True, user__email=mail.to).first()
    if reader is None:
        return None
    return {
        "name": reader.user.full_name,
        "organization": endpoint.organization.name,
        "url": _without_query(endpoint.url),
        "description": endpoint.description,
        "reason": endpoint.disabled_reason,
        "at": f"{event.at:%d %B %Y, %H:%M} UTC",
    }


def _without_query(url: str) -> str:
    """Some put a password of theirs there."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


COMPOSERS: dict[str, Composer] = {MAIL: compose_disabled}
