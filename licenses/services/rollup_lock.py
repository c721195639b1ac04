"""What everything that writes rollups needs: one lock, and time."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.backends.utils import CursorWrapper

from licenses.models import UsageProgress


def lock_progress() -> UsageProgress | None:
    """The progress of the rollup under its lock; None while another worker has it, or where there is none."""
    return UsageProgress.objects.select_for_update(skip_locked=True).first()


@contextmanager
def patient_cursor() -> Iterator[CursorWrapper]:
    """A cursor of the transaction at hand, without the time-out that is meant for requests."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '5min'")
        yield cursor
