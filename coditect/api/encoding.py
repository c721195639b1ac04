"""JSON out: times are RFC 3339 in UTC with a Z, ids are strings."""

import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse


def rfc3339(at: datetime) -> str:
    """A time as RFC 3339 in UTC: to the second, or to the millisecond where it has a fraction."""
    text = at.astimezone(UTC).isoformat()
    return f"{text[:23] if at.microsecond else text[:19]}Z"


def _encode(value: object) -> str:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, UUID | date):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be put into JSON")


_ENCODER = json.JSONEncoder(default=_encode, separators=(",", ":"), check_circular=False)


def to_json(value: Any) -> str:
    """Plain data as JSON."""
    return _ENCODER.encode(value)


def json_response(body: Any, *, status: int) -> HttpResponse:
    """A JSON response."""
    return HttpResponse(to_json(body).encode(), status=status, content_type="application/json")
