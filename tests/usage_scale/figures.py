"""What is timed: the rollup, and what the endpoint's service is asked."""

import statistics
import sys
import time
from datetime import datetime, timedelta

from django.db import connection

from licenses.models import License, UsageRollup
from licenses.services.periods import Period, Span
from licenses.services.rollup import roll_up_usage
from licenses.services.usage import Usage, usage_of
from licenses.services.usage_record import measure_seats
from tests.usage_scale.clock import tell, timed
from tests.usage_scale.record import END, YEAR

TRIES = 5
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ODD = timedelta(minutes=17, seconds=3)
QUESTIONS: dict[str, tuple[datetime, datetime, Period]] = {
    "a year by day": (END - YEAR, END, Period.DAY),
    "a year by week": (END - YEAR, END, Period.WEEK),
    "a year by month": (END - YEAR, END, Period.MONTH),
    "a year by month, between odd moments": (END - YEAR + ODD, END - DAY - ODD, Period.MONTH),
    "forty days by hour": (END - 40 * DAY, END, Period.HOUR),
    "one day by hour": (END - DAY, END, Period.HOUR),
    "ten minutes of a year ago": (END - YEAR + 100 * DAY + ODD, END - YEAR + 100 * DAY + 2 * ODD, Period.HOUR),
}


def roll_up() -> None:
    """All of it; and one hour, as the worker does it from then on."""
    steps, began = 0, time.perf_counter()
    while taken := roll_up_usage(now=END - HOUR):
        steps += taken
    tell(f"rolled up in {steps} steps", time.perf_counter() - began)
    with timed("rolled up one more hour, and the month with it"):
        roll_up_usage(now=END + HOUR)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE licenses_usagerollup")


def ask(license: License) -> None:
    """Each question some times: the first, and the median of the others."""
    for name, (since, until, granularity) in QUESTIONS.items():
        times = []
        for _ in range(TRIES + 1):
            began = time.perf_counter()
            usage = usage_of(
                license_id=license.pk,
                within=license.organization,
                since=since,
                until=until,
                granularity=granularity,
                now=END + 2 * HOUR,
            )
            times.append(time.perf_counter() - began)
        tell(f"{name}, first", times[0])
        tell(f"{name}, median of {TRIES} more", statistics.median(times[1:]))
        describe(usage)
    compare(license, usage)


def describe(usage: Usage) -> None:
    """What came out."""
    total = usage.total
    sys.stdout.write(
        f"    {len(usage.buckets)} buckets: peak {total.peak}, average {float(total.average):.6f}, "
        f"{total.denials} denials, {total.users} users, {total.machines} machines\n"
    )


def compare(license: License, usage: Usage) -> None:
    """A month from its rollup and from the record."""
    start = datetime(END.year, END.month - 1, 1, tzinfo=END.tzinfo)
    month = UsageRollup.objects.get(license=license, period=Period.MONTH, start=start)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
    with timed("the same month counted in the record"):
        found = measure_seats(license.pk, [Span(start, END)])[start]
    assert found == (month.peak, month.seat_microseconds), (found, month.peak, month.seat_microseconds)


def look_at_sizes() -> None:
    """How large the tables are, with their indexes."""
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT relname, pg_size_pretty(pg_table_size(oid)), pg_size_pretty(pg_indexes_size(oid)) FROM pg_class
            WHERE relname IN ('licenses_seatsession', 'licenses_usagerollup', 'licenses_usageholder') ORDER BY 1
        """)
        for name, table, indexes in cursor.fetchall():
            sys.stdout.write(f"{name:60} {table} and indexes {indexes}\n")
        cursor.execute("SELECT pg_size_pretty(pg_relation_size('seat_lifetime'))")
        sys.stdout.write(f"{'seat_lifetime':60} {cursor.fetchone()[0]}\n")
