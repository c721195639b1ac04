"""Endpoints are locked for whoever asks something of them."""

from uuid import UUID

from accounts.models import Organization
from coditect.errors import Conflict
from webhooks.models import Endpoint
from webhooks.services.endpoints import WebhookNotFound


class WebhookDisabled(Conflict):
    """What is disabled is sent nothing, not even what somebody asks for."""

    code = "webhook_disabled"
    message = "The webhook is disabled. Enable it first."


def lock_enabled(organization: Organization, endpoint_id: UUID) -> Endpoint:
    """An endpoint of the organization that may be sent something. Raises WebhookNotFound, WebhookDisabled."""
    own = Endpoint.objects.for_organization(organization).filter(pk=endpoint_id)
    endpoint = own.select_for_update(of=("self",), no_key=True).first()
    if endpoint is None:
        raise WebhookNotFound
    if not endpoint.is_enabled:
        raise WebhookDisabled
    return endpoint
