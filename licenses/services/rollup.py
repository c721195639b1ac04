"""Usage is rolled up: hours that cannot change any more, and from them days, weeks and months.

An hour is over for the record once every transaction that belongs to it has committed (MARGIN) and no session is left
whose end in it may still be written down. Each step is one transaction that moves the progress on, so that a run which
was killed goes on where it was, and of two runs at once only one takes each step.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Min

from licenses.models import License, SeatSession, UsageProgress
from licenses.services.periods import Period, Span, floor, following, previous, split
from licenses.services.rollup_lock import lock_progress, patient_cursor
from licenses.services.usage_privacy import recount_stale
from licenses.services.usage_record import DENIALS, LIVED, MACHINES, PIECES, SEATS, in_spans

# Much longer than the time-outs of the database let any transaction of ours last.
MARGIN = timedelta(minutes=5)
# So that a run after days off leaves the worker to others, too; the next one goes on.
STEPS_PER_RUN = 40
FINER = {Period.DAY: Period.HOUR, Period.WEEK: Period.DAY, Period.MONTH: Period.DAY}

UNKNOWN = f"""
WITH lived AS MATERIALIZED ({LIVED.format(which="")}), unknown AS (
    SELECT DISTINCT license_id, user_id, hardware_id FROM lived WHERE NOT EXISTS (
        SELECT FROM licenses_usageholder holder WHERE holder.license_id = lived.license_id
        AND holder.user_id = lived.user_id AND holder.hardware_id = lived.hardware_id
    )
)
"""  # noqa: S608 (no text but ours)
UNKNOWN_USERS = f"{UNKNOWN} SELECT DISTINCT user_id FROM unknown"  # noqa: S608 (no text but ours)
INTRODUCE = f"""
{UNKNOWN} INSERT INTO licenses_usageholder (license_id, user_id, hardware_id, is_stale)
SELECT license_id, user_id, hardware_id, false FROM unknown ON CONFLICT DO NOTHING
"""  # noqa: S608 (no text but ours)
LOCK_USERS = "SELECT id FROM accounts_user WHERE id = ANY(%s) ORDER BY id FOR SHARE"
COLUMNS = "license_id, period, start, peak, seat_microseconds, denials, users, machines, holders"
VALUES = """
COALESCE(peak, 0), COALESCE(seat_microseconds, 0), COALESCE(denials, 0),
COALESCE(users, 0), COALESCE(machines, 0), COALESCE(holders, '{}')
"""
OF_KNOWN_LICENSES = """
AND at >= %(first)s AND at < %(last)s AND EXISTS (SELECT FROM licenses_license WHERE id = subject_id)
"""
# A holder who is not known yet is a null among the holders, which the table refuses.
ROLL_UP_HOURS = f"""
WITH {PIECES.format(which="")}, {SEATS}, pair AS (
    SELECT DISTINCT license_id, start, user_id, hardware_id FROM piece
), crowd AS (
    SELECT license_id, start, count(DISTINCT user_id) AS users, count(DISTINCT hardware_id) AS machines,
           array_agg(holder.id ORDER BY holder.id) AS holders
    FROM pair LEFT JOIN licenses_usageholder holder USING (license_id, user_id, hardware_id)
    GROUP BY license_id, start
), denied AS (
    {DENIALS.format(which=OF_KNOWN_LICENSES)}
)
INSERT INTO licenses_usagerollup ({COLUMNS})
SELECT license_id, 'hour', start, {VALUES}
FROM height JOIN length USING (license_id, start) JOIN crowd USING (license_id, start)
FULL JOIN denied USING (license_id, start)
ON CONFLICT DO NOTHING
"""  # noqa: S608 (no text but ours)
FOLD = f"""
WITH finer AS (
    SELECT * FROM licenses_usagerollup
    WHERE period = %(finer)s AND start >= %(since)s AND start < %(until)s
), total AS (
    SELECT license_id, max(peak) AS peak, sum(seat_microseconds) AS seat_microseconds, sum(denials) AS denials
    FROM finer GROUP BY license_id
), seen AS (
    SELECT DISTINCT license_id, unnest(holders) AS id FROM finer
), crowd AS (
    SELECT seen.license_id, count(DISTINCT user_id) AS users,
           {MACHINES} AS machines, array_agg(id ORDER BY id) AS holders
    FROM seen JOIN licenses_usageholder holder USING (id) GROUP BY seen.license_id
)
INSERT INTO licenses_usagerollup ({COLUMNS})
SELECT license_id, %(period)s, %(since)s, {VALUES} FROM total LEFT JOIN crowd USING (license_id)
ON CONFLICT DO NOTHING
"""  # noqa: S608 (no text but ours)


def roll_up_usage(*, now: datetime, steps: int = STEPS_PER_RUN) -> int:
    """Roll up what is over, at most so many steps of a day or less, and return how many were taken.

    Safe to run twice at once, and whenever.
    """
    taken = 0
    while taken < steps and (span := _next_span(now=now)) and _take_step(span):
        taken += 1
    recount_stale()
    return taken


def _next_span(*, now: datetime) -> Span | None:
    """The hours to be rolled up next, within one day; None where none is over."""
    progress = UsageProgress.objects.first() or _begin()
    if progress is None:
        return None
    since = progress.rolled_until
    until = min(closed_until(now=now), following(Period.DAY, floor(Period.DAY, since)))
    return Span(since, until) if since < until else None


def closed_until(*, now: datetime) -> datetime:
    """Until when no hour can change any more."""
    # tenancy: usage is rolled up for every organization
    deadline = SeatSession.objects.unended().aggregate(earliest=Min("expires_at"))["earliest"]
    settled = now - MARGIN
    return floor(Period.HOUR, min(settled, deadline) if deadline else settled)


def _begin() -> UsageProgress | None:
    """Start with the hour of the first license or session; None where there is neither."""
    # tenancy: usage is rolled up for every organization
    first_license = License.objects.aggregate(first=Min("created_at"))["first"]
    with transaction.atomic(), patient_cursor() as cursor:
        cursor.execute("SELECT min(started_at) FROM licenses_seatsession")
        (first_session,) = cursor.fetchone()
    moments = [at for at in (first_license, first_session) if at is not None]
    if moments:
        beginning = UsageProgress(rolled_until=floor(Period.HOUR, min(moments)))
        UsageProgress.objects.bulk_create([beginning], ignore_conflicts=True)
    return UsageProgress.objects.first()


def _take_step(span: Span) -> bool:
    """Roll up the hours of a span, and what is over with it; false where somebody else did, or does."""
    hours = in_spans(list(split(span, Period.HOUR)))
    _introduce_holders(hours)
    with transaction.atomic():
        progress = lock_progress()
        if progress is None or progress.rolled_until != span.since:
            return False
        with patient_cursor() as cursor:
            cursor.execute(ROLL_UP_HOURS, hours)
            for period, finer in FINER.items():
                if floor(period, span.until) == span.until:
                    since = previous(period, span.until)
                    cursor.execute(FOLD, {"period": period, "finer": finer, "since": since, "until": span.until})
        progress.rolled_until = span.until
        progress.save(update_fields=["rolled_until"])
    return True


def _introduce_holders(hours: dict[str, Any]) -> None:
    """Give a number to each pair of user and machine that was not seen before.

    Users are locked while their machines are read: whoever asks to be forgotten just now either was before, and there
    is nothing to be read any more, or waits, and forgets this too.
    """
    with transaction.atomic(), patient_cursor() as cursor:
        cursor.execute(UNKNOWN_USERS, hours)
        users = [user_id for (user_id,) in cursor.fetchall()]
        if users:
            cursor.execute(LOCK_USERS, [users])
            cursor.execute(INTRODUCE, hours)
