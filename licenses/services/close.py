"""An organization is gone: nothing of what it licensed works any more."""

from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Organization
from licenses.models import License
from licenses.services.acquire import LicenseNotFound
from licenses.services.life import revoke_license

REASON = "organization_deleted"


@transaction.atomic
def close_licenses(*, organization_id: UUID, now: datetime) -> None:
    """Revoke an organization's licenses and end their seats, also of those that were revoked and are running out.

    In the order of their ids, as everybody takes several locks; an acquire on its way finds its license revoked. One
    that was handed to another organization meanwhile is theirs.
    """
    organization = Organization.objects.get(pk=organization_id)  # tenancy: the organization that the event names
    licenses = License.objects.for_organization(organization).order_by("pk")
    for license_id in list(licenses.values_list("pk", flat=True)):
        with suppress(LicenseNotFound):
            revoke_license(license_id=license_id, now=now, reason=REASON, immediately=True, within=organization)
