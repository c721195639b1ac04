"""What an outage of Redis leaves behind is put right, by every web process and by the sweep."""

import logging
import threading
from uuid import UUID

from django.db import Error as DatabaseError
from django.db import close_old_connections, transaction

from coditect.redis import RedisUnavailable
from licenses import leases
from licenses.models import LeaseRepair, License
from licenses.services.capacity import mark_surplus
from licenses.services.seats import NOTE_SECONDS, LockedLicense, watch_clock, write_redis_note

logger = logging.getLogger(__name__)


def note_redis_use() -> None:
    """Write down that this process used Redis, if it did since the last note; see whether others did, and the clock."""
    if leases.memory.take_use():
        write_redis_note()
    watch_clock()


def repair_leases() -> int:
    """Write anew the leases of licenses whose sessions ended or should have been marked while Redis was away."""
    # tenancy: the repair serves every organization
    return sum(_repair(license_id) for license_id in LeaseRepair.objects.values_list("license_id", flat=True))


@transaction.atomic
def _repair(license_id: UUID) -> bool:
    locked = LockedLicense.take(License.objects.filter(pk=license_id), skip_locked=True)
    if locked is None:
        return False
    try:
        leases.seed(locked.license, locked.unended(), now=locked.now)
    except RedisUnavailable:
        return False
    LeaseRepair.objects.filter(license=locked.license).delete()
    mark_surplus(locked)
    return True


def start_pulse() -> threading.Thread:
    """In every web process, until it ends: note the use of Redis, and repair."""
    thread = threading.Thread(target=_pulse, name="seat-pulse", daemon=True)
    thread.start()
    return thread


def _pulse() -> None:
    waiting = threading.Event()
    while not waiting.wait(NOTE_SECONDS):
        close_old_connections()
        try:
            note_redis_use()
            repair_leases()
        except DatabaseError:
            logger.warning("the seat pulse missed a beat: the database did not answer")
