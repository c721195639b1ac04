"""Usage counted in the record itself, in SQL: who held seats when, and who was refused.

A session lived from `started_at` until it was released or taken back; one that ran out, until its deadline, however
later that was written down. One that has not ended lives until the deadline that the record knows.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from licenses.models import SeatSession
from licenses.services.periods import Span

DENIED = "license.seat.denied"
UNTIL = """
LEAST(ended_at, CASE end_reason WHEN 'released' THEN ended_at WHEN 'revoked' THEN revoke_at ELSE expires_at END)
"""
# Distinct machines among holders; those of which nobody knows any more are one, as in the record.
MACHINES = f"count(DISTINCT COALESCE(hardware_id, '{SeatSession.FORGOTTEN}'))"
COLUMNS = f"license_id, user_id, hardware_id, started_at AS since, {UNTIL} AS until"
OF_LICENSE = "AND license_id = %(license)s"
# Sessions that lived in one of the spans, in two halves, since each has its own index; `{which}` may narrow both.
LIVED = f"""
SELECT * FROM (
    SELECT {COLUMNS} FROM licenses_seatsession
    WHERE ended_at IS NOT NULL
    AND tstzrange(LEAST(started_at, ended_at), ended_at) && %(when)s::tstzmultirange {{which}}
    UNION ALL
    SELECT {COLUMNS} FROM licenses_seatsession
    WHERE ended_at IS NULL AND started_at < %(last)s {{which}}
) session WHERE until > since AND tstzrange(since, until) && %(when)s::tstzmultirange
"""  # noqa: S608 (no text but ours)
SPANS = """
span AS (SELECT * FROM unnest(%(since)s::timestamptz[], %(until)s::timestamptz[]) AS span (since, until))
"""
# What lies of each session in each span; spans are told apart by their start.
PIECES = f"""
{SPANS}, lived AS MATERIALIZED ({LIVED}), piece AS (
    SELECT license_id, span.since AS start, user_id, hardware_id,
           GREATEST(lived.since, span.since) AS since, LEAST(lived.until, span.until) AS until
    FROM lived JOIN span ON lived.since < span.until AND lived.until > span.since
)
"""  # noqa: S608 (no text but ours)
# The count changes where a piece begins or ends; ends come first among equals, since nobody lives at their own end.
SEATS = """
step AS (
    SELECT license_id, start, since AS at, 1 AS step FROM piece
    UNION ALL SELECT license_id, start, until, -1 FROM piece
), running AS (
    SELECT license_id, start, sum(step) OVER (
        PARTITION BY license_id, start ORDER BY at, step ROWS UNBOUNDED PRECEDING
    ) AS held FROM step
), height AS (
    SELECT license_id, start, max(held) AS peak FROM running GROUP BY license_id, start
), length AS (
    SELECT license_id, start, sum(extract(epoch FROM until - since) * 1000000)::bigint AS seat_microseconds
    FROM piece GROUP BY license_id, start
)
"""
DENIALS = f"""
SELECT subject_id AS license_id, span.since AS start, count(*) AS denials
FROM journal_event JOIN span ON at >= span.since AND at < span.until
WHERE type = '{DENIED}' {{which}}
GROUP BY subject_id, span.since
"""  # noqa: S608 (no text but ours)
MEASURE = f"""
WITH {PIECES.format(which=OF_LICENSE)}, {SEATS}
SELECT start, peak, seat_microseconds FROM height JOIN length USING (license_id, start)
"""  # noqa: S608 (no text but ours)
COUNT_DENIALS = f"WITH {SPANS} {DENIALS.format(which='AND subject_id = %(license)s')}"


def in_spans(spans: Sequence[Span], **values: Any) -> dict[str, Any]:
    """The values that the SQL here asks for."""
    return {
        "since": [span.since for span in spans],
        "until": [span.until for span in spans],
        "first": min(span.since for span in spans),
        "last": max(span.until for span in spans),
        "when": f"{{{','.join(f'[{span.since.isoformat()},{span.until.isoformat()})' for span in spans)}}}",
        **values,
    }


def measure_seats(license_id: UUID, spans: Sequence[Span]) -> dict[datetime, tuple[int, int]]:
    """The peak and the seat microseconds of each span, by its start; of those alone in which somebody lived."""
    with connection.cursor() as cursor:
        cursor.execute(MEASURE, in_spans(spans, license=license_id))
        return {start: (int(peak), length) for start, peak, length in cursor.fetchall()}


def count_denials(license_id: UUID, spans: Sequence[Span]) -> dict[datetime, int]:
    """How often a seat was refused in each span, by its start; of those alone in which one was."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT_DENIALS, in_spans(spans, license=license_id))
        return {start: denials for _, start, denials in cursor.fetchall()}
