"""Usage read from rollups: of spans, by number, each put together from whole periods and what is left over."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from licenses.services.periods import Cover
from licenses.services.usage_record import LIVED, MACHINES, OF_LICENSE, in_spans

# Parts are whole periods; one that is `alone` in its span brings the count of its machines along, if that is not stale.
READ = f"""
WITH stale AS (
    SELECT array_agg(id) AS ids FROM licenses_usageholder WHERE license_id = %(license)s AND is_stale
)
SELECT part.number, max(peak), sum(seat_microseconds)::bigint, sum(denials), max(users), max(
    CASE WHEN part.alone AND holders && stale.ids
    THEN (SELECT {MACHINES} FROM licenses_usageholder WHERE id = ANY(holders)) ELSE machines END
)
FROM unnest(%(number)s::int[], %(period)s::text[], %(start)s::timestamptz[], %(alone)s::bool[])
    AS part (number, period, start, alone)
JOIN licenses_usagerollup rollup
    ON rollup.period = part.period AND rollup.start = part.start AND rollup.license_id = %(license)s
CROSS JOIN stale GROUP BY part.number
"""  # noqa: S608 (no text but ours)
COUNT_HOLDERS = f"""
WITH seen AS (
    SELECT DISTINCT part.number, unnest(holders) AS id
    FROM unnest(%(number)s::int[], %(period)s::text[], %(start)s::timestamptz[]) AS part (number, period, start)
    JOIN licenses_usagerollup rollup
        ON rollup.period = part.period AND rollup.start = part.start AND rollup.license_id = %(license)s
), holder AS (
    SELECT number, user_id, hardware_id FROM seen JOIN licenses_usageholder USING (id)
    {{living}}
)
SELECT number, count(DISTINCT user_id), {MACHINES} FROM holder GROUP BY number
"""  # noqa: S608 (no text but ours)
LIVING = f"""
UNION ALL SELECT span.number, user_id, hardware_id FROM ({LIVED.format(which=OF_LICENSE)}) lived
JOIN unnest(%(living)s::int[], %(since)s::timestamptz[], %(until)s::timestamptz[]) AS span (number, since, until)
    ON lived.since < span.until AND lived.until > span.since
"""  # noqa: S608 (no text but ours)


@dataclass(frozen=True, kw_only=True)
class Count:
    """What happened in a span; users and machines are distinct ones, right where the span is one period."""

    peak: int = 0
    seat_microseconds: int = 0
    denials: int = 0
    users: int = 0
    machines: int = 0


def read_rollups(license_id: UUID, covers: Mapping[int, Cover]) -> dict[int, Count]:
    """What the rollups tell of each span, as far as it is whole periods; of those alone in which something happened."""
    with connection.cursor() as cursor:
        cursor.execute(READ, {"license": license_id, **_parts(covers)})
        return {
            number: Count(peak=peak, seat_microseconds=length, denials=denials, users=users, machines=machines)
            for number, peak, length, denials, users, machines in cursor.fetchall()
        }


def count_holders(license_id: UUID, covers: Mapping[int, Cover]) -> dict[int, tuple[int, int]]:
    """The distinct users and machines of each span; of those alone in which somebody held a seat."""
    values = {"license": license_id, **_parts(covers)}
    rest = [(number, span) for number, found in covers.items() for span in found.rest]
    if rest:
        values |= in_spans([span for _, span in rest], living=[number for number, _ in rest])
    with connection.cursor() as cursor:
        cursor.execute(COUNT_HOLDERS.format(living=LIVING if rest else ""), values)
        return {number: (users, machines) for number, users, machines in cursor.fetchall()}


def _parts(covers: Mapping[int, Cover]) -> dict[str, Any]:
    parts = [(number, *part, found.is_one_period) for number, found in covers.items() for part in found.periods]
    return {
        "number": [number for number, *_ in parts],
        "period": [str(period) for _, period, *_ in parts],
        "start": [start for _, _, start, _ in parts],
        "alone": [alone for *_, alone in parts],
    }
