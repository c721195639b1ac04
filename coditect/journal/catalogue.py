"""The public events: those that customers may be told of, and what is told of each.

Each app declares its own. What the journal records of such an event is what customers get to see, but for what is
looked up when it is sent (webhooks/payloads.py): an address, for one, must not outlive its owner's account.
"""

from collections.abc import KeysView, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

Id = Annotated[str, {"format": "uuid"}]
IdOrNone = Annotated[str | None, {"format": "uuid"}]
Moment = Annotated[str, {"format": "date-time"}]
MomentOrNone = Annotated[str | None, {"format": "date-time"}]


@dataclass(frozen=True, kw_only=True)
class PublicEvent:
    """A type of event: `data` is the TypedDict of what is told, `emitted_by` the functions that record it."""

    type: str
    summary: str
    data: Any
    emitted_by: Sequence[str]


_declared: dict[str, PublicEvent] = {}
# All of them, once the apps are ready; grows with what is declared. Whoever asks for `*` gets these and no others.
PUBLIC_TYPES: KeysView[str] = _declared.keys()


def declare(*events: PublicEvent) -> None:
    """Make types of events public; apps do so in `AppConfig.ready()`."""
    for event in events:
        _declared[event.type] = event


def public_event(event_type: str) -> PublicEvent:
    """The declaration of a public type. Raises KeyError."""
    return _declared[event_type]


def moment(at: datetime) -> str:
    """A time as public events tell it: RFC 3339, in UTC, as exact as it is known."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def moment_or_none(at: datetime | None) -> str | None:
    """The same of a time that may be missing."""
    return moment(at) if at else None
