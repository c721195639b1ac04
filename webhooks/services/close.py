"""The end of an organization's webhooks."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from webhooks.models import Endpoint
from webhooks.services.endpoints import delete_locked


@transaction.atomic
def close_endpoints(*, organization_id: UUID, now: datetime) -> None:
    """Delete a deleted organization's endpoints: nothing that happens is its business any more."""
    # tenancy: the organization that was just deleted
    closed = Endpoint.objects.existing().filter(organization_id=organization_id)
    for endpoint in closed.select_for_update(of=("self",)).order_by("pk"):
        delete_locked(endpoint, now=now)
