"""Windows of rate limits in PostgreSQL: for what must be counted even while Redis is away."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from coditect.journal.models import RateWindow

# One statement under the row's lock, so that requests at once are counted one by one. It must run outside of any
# transaction, or a refused request's count would be undone. A count stops just beyond its limit.
COUNT = """
INSERT INTO journal_ratewindow AS limited (key, count, ends_at)
VALUES (%(key)s, 1, clock_timestamp() + make_interval(secs => %(seconds)s))
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN limited.ends_at <= clock_timestamp() THEN 1 ELSE LEAST(limited.count, %(allowed)s) + 1 END,
    ends_at = CASE WHEN limited.ends_at <= clock_timestamp() THEN excluded.ends_at ELSE limited.ends_at END
RETURNING count, ends_at, clock_timestamp()
"""


@dataclass(frozen=True, kw_only=True)
class Counted:
    """A request in its window: its number there, and when the window ends, by the database's clock `now`."""

    count: int
    ends_at: datetime
    now: datetime


def count_request(key: str, *, allowed: int, length: timedelta) -> Counted:
    """Count a request; a `count` above `allowed` tells that it is one too many."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"key": key, "allowed": allowed, "seconds": length.total_seconds()})
        count, ends_at, now = cursor.fetchone()
    return Counted(count=count, ends_at=ends_at, now=now)


def prune_windows(*, now: datetime) -> None:
    """Forget windows that are over: their keys tell addresses."""
    RateWindow.objects.filter(ends_at__lte=now).delete()
