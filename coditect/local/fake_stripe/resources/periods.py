"""Billing periods: months and years counted from an anchor, as calendars do."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta

from coditect.local.fake_stripe.store import Json

_MONTHS = 12


def _add_months(moment: datetime, months: int) -> datetime:
    """The same day so many months later, or that month's last one: a subscription of the 31st renews on the 28th."""
    year, month = divmod(moment.year * _MONTHS + moment.month - 1 + months, _MONTHS)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


def _step(anchor: datetime, recurring: Json, *, times: int) -> datetime:
    count = recurring["interval_count"] * times
    match recurring["interval"]:
        case "day":
            return anchor + timedelta(days=count)
        case "week":
            return anchor + timedelta(weeks=count)
        case "month":
            return _add_months(anchor, count)
        case _:
            return _add_months(anchor, count * _MONTHS)


def next_end(anchor: int, recurring: Json, *, after: int) -> int:
    """The first end of a period that lies after a moment. Seconds since the epoch."""
    start = datetime.fromtimestamp(anchor, UTC)
    times = 1
    while (end := int(_step(start, recurring, times=times).timestamp())) <= after:
        times += 1
    return end


def day(moment: int) -> str:
    """The day as invoices write it."""
    return f"{datetime.fromtimestamp(moment, UTC):%d %b %Y}"
