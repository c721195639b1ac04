"""The calendar of usage: hours, days, weeks and months in UTC, and how a stretch of time is put together from them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from licenses.models import UsageRollup

Period = UsageRollup.Period
LENGTHS = {Period.HOUR: timedelta(hours=1), Period.DAY: timedelta(days=1), Period.WEEK: timedelta(weeks=1)}
# From what each is put together where it is not whole, the longest first.
PARTS: dict[Period, tuple[Period, ...]] = {
    Period.HOUR: (Period.HOUR,),
    Period.DAY: (Period.DAY, Period.HOUR),
    Period.WEEK: (Period.WEEK, Period.DAY, Period.HOUR),
    Period.MONTH: (Period.MONTH, Period.DAY, Period.HOUR),
}


@dataclass(frozen=True)
class Span:
    """A stretch of time: `since` is in it, `until` is not."""

    since: datetime
    until: datetime


@dataclass(frozen=True)
class Cover:
    """What a span is put together from: whole periods, and the rest of it."""

    periods: list[tuple[Period, datetime]] = field(default_factory=list)
    rest: list[Span] = field(default_factory=list)

    @property
    def is_one_period(self) -> bool:
        """Whether one period is all of it."""
        return len(self.periods) == 1 and not self.rest


def floor(period: Period, at: datetime) -> datetime:
    """The start of the period around a moment."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    if period == Period.HOUR:
        return hour
    day = hour.replace(hour=0)
    if period == Period.DAY:
        return day
    return day - timedelta(days=day.weekday()) if period == Period.WEEK else day.replace(day=1)


def following(period: Period, start: datetime) -> datetime:
    """The start of the next period."""
    if period == Period.MONTH:
        return (start + timedelta(days=31)).replace(day=1)
    return start + LENGTHS[period]


def previous(period: Period, start: datetime) -> datetime:
    """The start of the period before."""
    return floor(period, start - timedelta(hours=1))


def split(span: Span, period: Period) -> Iterator[Span]:
    """The periods of a span; the first and the last are cut off where it begins and ends."""
    since = span.since
    while since < span.until:
        until = min(following(period, floor(period, since)), span.until)
        yield Span(since, until)
        since = until


def cover(span: Span, parts: Sequence[Period], *, rolled_until: datetime) -> Cover:
    """Put a span together from as few whole periods as are rolled up; what is left over is counted in the record."""
    found = Cover()
    at = span.since
    while at < span.until:
        period = _whole_period(at, parts, until=min(span.until, rolled_until))
        if period is not None:
            found.periods.append((period, at))
            at = following(period, at)
            continue
        end = min(following(Period.HOUR, floor(Period.HOUR, at)), span.until)
        if found.rest and found.rest[-1].until == at:
            at, found.rest[-1] = end, Span(found.rest[-1].since, end)
        else:
            found.rest.append(Span(at, end))
            at = end
    return found


def _whole_period(at: datetime, parts: Sequence[Period], *, until: datetime) -> Period | None:
    """The longest period that begins at a moment and is over in time."""
    fitting = (period for period in parts if floor(period, at) == at and following(period, at) <= until)
    return next(fitting, None)
