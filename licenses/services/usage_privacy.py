"""Machines that were forgotten in the record are forgotten in what was rolled up from it, too."""

from uuid import UUID

from django.db import transaction

from licenses.models import SeatSession, UsageHolder
from licenses.services.rollup_lock import lock_progress, patient_cursor
from licenses.services.usage_record import MACHINES

RECOUNT = f"""
UPDATE licenses_usagerollup rollup SET machines = (
    SELECT {MACHINES} FROM licenses_usageholder holder WHERE holder.id = ANY(rollup.holders)
)
WHERE rollup.license_id IN (SELECT license_id FROM licenses_usageholder WHERE id = ANY(%(stale)s::bigint[]))
AND rollup.holders && %(stale)s::bigint[]
"""  # noqa: S608 (no text but ours)


def forget_holders(*, user_id: UUID) -> None:
    """Forget the user's machines; the counts that knew them are made anew by the worker, and until then when asked for.

    Needs the lock of the user's row, and the record to have forgotten them already.
    """
    known = UsageHolder.objects.filter(user=user_id, hardware_id__isnull=False)  # tenancy: one user's own, everywhere
    licenses = list(known.order_by().values_list("license_id", flat=True).distinct())
    nameless = [
        UsageHolder(license_id=license_id, user_id=user_id, hardware_id=SeatSession.FORGOTTEN)
        for license_id in licenses
    ]
    known.exclude(hardware_id=SeatSession.FORGOTTEN).update(hardware_id=None, is_stale=True)
    # For the sessions that a later rollup will find with this name.
    UsageHolder.objects.bulk_create(nameless, ignore_conflicts=True)


@transaction.atomic
def recount_stale() -> int:
    """Count machines anew where some were forgotten, unless a rollup is at work; return how many holders it was for."""
    if lock_progress() is None:
        return 0
    # tenancy: the worker serves every organization
    stale = UsageHolder.objects.filter(is_stale=True)
    ids = list(stale.order_by("pk").values_list("pk", flat=True))
    if ids:
        with patient_cursor() as cursor:
            cursor.execute(RECOUNT, {"stale": ids})
        stale.filter(pk__in=ids).update(is_stale=False)
    return len(ids)
