"""Rows become lines: every value read, and refused where it could not be stored or would not be meant."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from licenses import keys
from licenses.models import PERPETUAL
from licenses.services.imports.errors import LineError
from licenses.services.imports.rows import REQUIRED, Row
from licenses.services.issue import LONGEST_KEY

LONGEST_TIER = 32
LONGEST_FEATURE = 64
MOST_FEATURES = 100
MOST_SEATS = 100_000
NUMBER = re.compile(r"[0-9]{1,9}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# RFC 3339, and without seconds, or with a blank instead of the T.
MOMENT = re.compile(DAY.pattern + r"[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})")


@dataclass(frozen=True, kw_only=True)
class ImportLine:
    """A line: `organization` is an id or a slug; an empty `key` asks for a new one.

    What could not be read is left out; then nothing is issued, but the rest of the line can still be looked at.
    """

    number: int
    organization: str = ""
    tier: str = ""
    seats: int = 0
    key: str = ""
    expires_at: datetime | None = None
    features: list[str] = field(default_factory=list)

    @property
    def key_normalized(self) -> str:
        """The key as keys are compared; empty where a new one is wanted."""
        return keys.normalize(self.key)


class Unreadable(Exception):
    """A value that cannot be accepted, with the code and the sentence for it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def read_line(row: Row, errors: list[LineError], *, now: datetime) -> ImportLine:
    """The line of a row; what is wrong with its values is noted in `errors`."""
    number, values = row
    found: dict[str, Any] = {}
    for name, read in READERS.items():
        try:
            found[name] = read(_printable(values.get(name, ""), is_needed=name in REQUIRED), now)
        except Unreadable as wrong:
            errors.append(LineError(line=number, field=name, code=wrong.code, message=wrong.message))
    return ImportLine(number=number, **found)


def _printable(value: str, *, is_needed: bool) -> str:
    if is_needed and not value:
        raise Unreadable("required", "This value is missing.")
    if not value.isprintable():
        raise Unreadable("not_printable", "There is a character in it that cannot be seen.")
    return value


def _read_tier(text: str, _now: datetime) -> str:
    if len(text) > LONGEST_TIER:
        raise Unreadable("too_long", f"A tier has at most {LONGEST_TIER} characters.")
    return text


def _read_seats(text: str, _now: datetime) -> int:
    if not NUMBER.fullmatch(text) or not 1 <= int(text) <= MOST_SEATS:
        raise Unreadable("invalid", f"The seats must be a whole number from 1 to {MOST_SEATS:,}, without a separator.")
    return int(text)


def _read_key(text: str, _now: datetime) -> str:
    if not text:
        return text
    normalized = keys.normalize(text)
    if max(len(text), len(normalized)) > LONGEST_KEY:
        raise Unreadable("too_long", f"A key has at most {LONGEST_KEY} characters.")
    if not normalized:
        raise Unreadable("invalid", "There is nothing but hyphens in it.")
    if keys.is_malformed(normalized):
        raise Unreadable("malformed_key", "The key has a typing error: its check characters do not fit.")
    return text


def _read_expires_at(text: str, now: datetime) -> datetime | None:
    if not text:
        return None
    moment = _read_moment(text)
    if moment is None:
        raise Unreadable("invalid", "Write a day such as 2027-01-31, or a time such as 2027-01-31T12:00:00Z.")
    if moment <= now:
        raise Unreadable("in_the_past", "The expiry must lie in the future.")
    return None if moment >= PERPETUAL else moment


def _read_moment(text: str) -> datetime | None:
    """A time, or the first instant of a day (UTC)."""
    try:
        if DAY.fullmatch(text):
            return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
        return datetime.fromisoformat(text).astimezone(UTC) if MOMENT.fullmatch(text) else None
    except (ValueError, OverflowError):
        return None


def _read_features(text: str, _now: datetime) -> list[str]:
    features = [feature for part in text.split(";") if (feature := part.strip())]
    if len(features) > MOST_FEATURES or any(len(feature) > LONGEST_FEATURE for feature in features):
        message = f"There may be {MOST_FEATURES} features, of at most {LONGEST_FEATURE} characters each."
        raise Unreadable("too_long", message)
    return list(dict.fromkeys(features))


READERS: dict[str, Callable[[str, datetime], Any]] = {
    "organization": lambda text, _: text,
    "tier": _read_tier,
    "seats": _read_seats,
    "key": _read_key,
    "expires_at": _read_expires_at,
    "features": _read_features,
}
