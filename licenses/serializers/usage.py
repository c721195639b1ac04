"""Shapes of usage, in and out."""

from datetime import UTC, date, datetime, time
from typing import Any

from rest_framework import serializers

from coditect.api.encoding import rfc3339
from coditect.api.queries import MomentField
from licenses.csv_export import write_csv
from licenses.models import UsageRollup
from licenses.services.usage import Figures, Usage

AVERAGE_DECIMALS = 6
FIGURES = ("peak", "average", "seat_seconds", "denials", "users", "machines")
COLUMNS = ("license_id", "organization", "tier", "start", "end", *FIGURES)


class UsageQuery(serializers.Serializer[Any]):
    """The range, and how it is divided; in UTC, weeks begin on Mondays."""

    # A keyword of Python cannot be an attribute's name.
    locals()["from"] = MomentField(required=False, help_text="The range begins here; by default 30 days ago.")
    to = MomentField(required=False, help_text="It ends just before; by default, and at the latest, now.")
    granularity = serializers.ChoiceField(required=False, choices=UsageRollup.Period.values, default="day")


def asked_range(query: dict[str, Any]) -> dict[str, Any]:
    """A query as the service takes it."""
    return {
        "since": _moment(query.get("from")),
        "until": _moment(query.get("to")),
        "granularity": UsageRollup.Period(query["granularity"]),
    }


def _moment(value: date | datetime | None) -> datetime | None:
    """A date stands for its first instant."""
    if value is None or isinstance(value, datetime):
        return value
    return datetime.combine(value, time(), UTC)


def present_usage(usage: Usage) -> dict[str, Any]:
    """Usage with its total and its buckets."""
    span = usage.total.span
    return {
        "license_id": usage.license.pk,
        "from": span.since,
        "to": span.until,
        "granularity": str(usage.granularity),
        "total": _present(usage.total),
        "buckets": [
            {"start": bucket.span.since, "end": bucket.span.until, **_present(bucket)} for bucket in usage.buckets
        ],
    }


def usage_csv(usage: Usage) -> str:
    """The buckets as lines of a CSV file, each with what tells the files of several licenses apart."""
    license = usage.license
    about = (str(license.pk), license.organization.name, license.tier)
    return write_csv(
        COLUMNS,
        (
            (*about, rfc3339(bucket.span.since), rfc3339(bucket.span.until), *_present(bucket).values())
            for bucket in usage.buckets
        ),
    )


def _present(figures: Figures) -> dict[str, Any]:
    return {
        "peak": figures.peak,
        "average": float(round(figures.average, AVERAGE_DECIMALS)),
        "seat_seconds": round(figures.seat_seconds),
        "denials": figures.denials,
        "users": figures.users,
        "machines": figures.machines,
    }
