"""Endpoints that get no more events: because they are gone, fail for days, or somebody has said so.

What is pending stays, and goes out when the endpoint is enabled again; what happens meanwhile is not queued for it.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from coditect.journal.mails import queue_mail
from coditect.journal.services import record_event
from licenses.services.expiry_notices import addresses_of_those_told
from webhooks.models import Endpoint

DISABLED = "webhook.disabled"
MAIL = "webhook_disabled"


@transaction.atomic
def disable_endpoint(*, endpoint_id: UUID, reason: Endpoint.DisabledReason, now: datetime) -> bool:
    """Send an endpoint nothing more until it is enabled again; return whether it was enabled, and is there at all.

    Owners and admins of its organization get a mail, unless one of them did it.
    """
    # tenancy: who chose the endpoint was asked whose it is; the worker disables anybody's
    enabled = Endpoint.objects.enabled().filter(pk=endpoint_id)
    endpoint = enabled.select_related("organization").select_for_update(of=("self",), no_key=True).first()
    if endpoint is None:
        return False
    endpoint.status, endpoint.disabled_reason = Endpoint.Status.DISABLED, reason
    endpoint.save(update_fields=["status", "disabled_reason"])
    event = record_event(
        DISABLED,
        endpoint,
        at=now,
        organization_id=endpoint.organization_id,
        data={"webhook_id": str(endpoint.pk), "reason": reason},
    )
    if reason != Endpoint.DisabledReason.CUSTOMER:
        for address in addresses_of_those_told(endpoint.organization):
            queue_mail(template=MAIL, to=address, now=now, event_id=event.pk)
    return True
