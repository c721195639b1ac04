"""Days as options of commands."""

from datetime import UTC, datetime

from django.core.management.base import CommandError


def read_day(option: str, text: str | None) -> datetime | None:
    """The first instant of a day, UTC. Raises CommandError for anything but a date."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError as error:
        raise CommandError(f"{option} is {text!r}; it must be a date such as 2027-01-31.") from error
