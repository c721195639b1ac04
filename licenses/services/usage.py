"""How a license was used: peak and average of its seats, refusals, users and machines, exactly, period by period.

What is over is read from the rollup; the rest, and where a span does not begin or end with an hour, is counted in the
record. Who held seats over several periods is the union of who held them in each: counts cannot be added up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import islice
from uuid import UUID

from accounts.models import Organization
from coditect.errors import InvalidInput
from licenses.models import License, UsageProgress
from licenses.services.acquire import LicenseNotFound
from licenses.services.periods import PARTS, Cover, Period, Span, cover, floor, split
from licenses.services.usage_record import count_denials, measure_seats
from licenses.services.usage_rollups import Count, count_holders, read_rollups

DEFAULT_DAYS = 30
MOST_BUCKETS = 1000
MICROSECOND = timedelta(microseconds=1)
# Among the numbers of spans: no bucket has it.
WHOLE = -1


class RangeInvalid(InvalidInput):
    """The range is empty, or lies in the future."""


class TooManyBuckets(InvalidInput):
    """Nobody reads so many buckets; longer ones, or a shorter range, are fewer."""


@dataclass(frozen=True, kw_only=True)
class Figures(Count):
    """What happened in a span."""

    span: Span

    @property
    def average(self) -> Fraction:
        """How many sessions lived on average, each instant counting the same."""
        return Fraction(self.seat_microseconds, (self.span.until - self.span.since) // MICROSECOND)

    @property
    def seat_seconds(self) -> Fraction:
        """For how long all sessions lived together."""
        return Fraction(self.seat_microseconds, 1_000_000)


@dataclass(frozen=True, kw_only=True)
class Usage:
    """The usage of a license: by bucket, and over the whole span."""

    license: License
    granularity: Period
    total: Figures
    buckets: list[Figures]


def usage_of(
    *,
    license_id: UUID,
    within: Organization,
    now: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
    granularity: Period = Period.DAY,
) -> Usage:
    """How a license was used from `since` until `until`, by default in the last 30 days; the future is left out.

    A license that was transferred tells nothing of what was before. Raises LicenseNotFound, RangeInvalid,
    TooManyBuckets.
    """
    licenses = License.objects.for_organization(within).select_related("organization")
    license = licenses.filter(pk=license_id).first()
    if license is None:
        raise LicenseNotFound
    span = _span(since, until, now=now)
    return _measure(license, span, _buckets(span, granularity), granularity)


def _span(since: datetime | None, until: datetime | None, *, now: datetime) -> Span:
    """What is asked for, as far as it is past."""
    until = min(until or now, now)
    try:
        first_day = floor(Period.DAY, until - MICROSECOND) - timedelta(days=DEFAULT_DAYS - 1)
    except OverflowError as error:
        raise RangeInvalid("to", "`to` lies before all time.") from error
    span = Span(since or first_day, until)
    if span.since >= span.until:
        raise RangeInvalid("from", "`from` must lie before `to`, and in the past.")
    return span


def _buckets(span: Span, granularity: Period) -> list[Span]:
    buckets = list(islice(split(span, granularity), MOST_BUCKETS + 1))
    if len(buckets) > MOST_BUCKETS:
        raise TooManyBuckets(
            "granularity", f"That would be more than {MOST_BUCKETS} buckets: ask for longer ones, or a shorter range."
        )
    return buckets


def _measure(license: License, span: Span, buckets: list[Span], granularity: Period) -> Usage:
    progress = UsageProgress.objects.first()
    rolled_until = progress.rolled_until if progress else span.since
    covers = {
        number: _cover(license, bucket, PARTS[granularity], rolled_until=rolled_until)
        for number, bucket in enumerate(buckets)
    }
    whole = _cover(license, span, PARTS[Period.MONTH], rolled_until=rolled_until)
    joint = {number: found for number, found in covers.items() if not found.is_one_period} | {WHOLE: whole}
    holders = count_holders(license.pk, joint)
    counts = _with_rest(license, read_rollups(license.pk, covers), covers)
    figures = [
        Figures(span=bucket, **asdict(_held_by(counts[number], holders.get(number))))
        for number, bucket in enumerate(buckets)
    ]
    total = Figures(span=span, **asdict(_held_by(_sum(figures), holders.get(WHOLE, (0, 0)))))
    return Usage(license=license, granularity=granularity, total=total, buckets=figures)


def _cover(license: License, span: Span, parts: Sequence[Period], *, rolled_until: datetime) -> Cover:
    """What a span is put together from, without what was before a license came to its organization."""
    since = max(span.since, license.transferred_at or span.since)
    return cover(Span(since, span.until), parts, rolled_until=rolled_until)


def _with_rest(license: License, rolled: Mapping[int, Count], covers: Mapping[int, Cover]) -> dict[int, Count]:
    """What happened in each span: in its whole periods, and in the rest, which is counted now."""
    rest = [span for found in covers.values() for span in found.rest]
    seats = measure_seats(license.pk, rest) if rest else {}
    denials = count_denials(license.pk, rest) if rest else {}
    found = {}
    for number, parts in covers.items():
        counts = [
            Count(
                peak=seats.get(span.since, (0, 0))[0],
                seat_microseconds=seats.get(span.since, (0, 0))[1],
                denials=denials.get(span.since, 0),
            )
            for span in parts.rest
        ]
        found[number] = _sum([rolled.get(number, Count()), *counts])
    return found


def _sum(counts: Sequence[Count]) -> Count:
    """What happened in spans one after the other; users may be the same in each, so the most of them is told."""
    return Count(
        peak=max(count.peak for count in counts),
        seat_microseconds=sum(count.seat_microseconds for count in counts),
        denials=sum(count.denials for count in counts),
        users=max(count.users for count in counts),
        machines=max(count.machines for count in counts),
    )


def _held_by(count: Count, holders: tuple[int, int] | None) -> Count:
    """The same with users and machines counted anew, where they were."""
    return count if holders is None else replace(count, users=holders[0], machines=holders[1])
