"""An organization is gone: nothing of what it licensed works any more."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from coditect.journal.services import record_event
from licenses.models import License, SeatSession
from licenses.services.seats import LockedLicense


@transaction.atomic
def close_licenses(*, organization_id: UUID, now: datetime) -> int:
    """Revoke an organization's licenses and end their seats; return how many licenses there were.

    In the order of their ids, as everybody takes several locks; an acquire on its way finds its license revoked.
    """
    # tenancy: the organization that the event names
    licenses = License.objects.filter(organization=organization_id).exclude(status=License.Status.REVOKED)
    ids = list(licenses.order_by("pk").values_list("pk", flat=True))
    for license_id in ids:
        _close(license_id, now=now)
    return len(ids)


def _close(license_id: UUID, *, now: datetime) -> None:
    locked = LockedLicense.take(License.objects.filter(pk=license_id))
    if locked is None:
        return
    locked.end(locked.unended(), SeatSession.EndReason.REVOKED)
    license = locked.license
    license.status = License.Status.REVOKED
    license.save(update_fields=["status"])
    record_event(
        "license.revoked",
        license,
        at=now,
        organization_id=license.organization_id,
        data={"license_id": str(license.pk), "reason": "organization_deleted"},
    )
