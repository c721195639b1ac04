"""Endpoints that get events again."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from coditect.journal.services import record_event
from webhooks.models import Endpoint

ENABLED = "webhook.enabled"


@transaction.atomic
def enable_endpoint(*, endpoint_id: UUID, now: datetime) -> bool:
    """Send an endpoint what is pending, and what happens from now on; return whether it was disabled, and is there."""
    # tenancy: who chose the endpoint was asked whose it is; the operators of the service enable anybody's
    disabled = Endpoint.objects.existing().filter(pk=endpoint_id, status=Endpoint.Status.DISABLED)
    endpoint = disabled.select_for_update(of=("self",), no_key=True).first()
    if endpoint is None:
        return False
    endpoint.status, endpoint.disabled_reason = Endpoint.Status.ENABLED, ""
    endpoint.save(update_fields=["status", "disabled_reason"])
    start_afresh(endpoint, now=now)
    data = {"webhook_id": str(endpoint.pk)}
    record_event(ENABLED, endpoint, at=now, organization_id=endpoint.organization_id, data=data)
    return True


def start_afresh(endpoint: Endpoint, *, now: datetime) -> None:
    """Forget that a locked endpoint has failed, and what a worker may yet learn of it; what is pending is due now."""
    endpoint.failing_since = endpoint.claimed_until = endpoint.claim = None
    endpoint.next_attempt_at = now if endpoint.deliveries.in_lane().exists() else None
    endpoint.save(update_fields=["failing_since", "claimed_until", "claim", "next_attempt_at"])
