"""What the endpoints of deliveries answer, as types; the tests hold the server to them."""

from datetime import datetime
from typing import Annotated, Literal, TypedDict
from uuid import UUID

Count = Annotated[int, {"minimum": 0}]


class AttemptBody(TypedDict):
    """One try."""

    at: datetime
    status_code: Annotated[int | None, "What the receiver answered; null where there was no answer."]
    duration_ms: Annotated[int, "From the first look-up of the name to the end of the answer.", {"minimum": 0}]
    error: Annotated[str | None, "Why it did not succeed, in a word, such as `timed_out`; null where it did."]
    response: Annotated[str | None, "The first KB of the answer; null where there was none."]


class RequestBody(TypedDict):
    """What is sent. Time and signatures are made anew for each try, and stand in no log."""

    url: Annotated[str, "The webhook's present URL."]
    headers: Annotated[dict[str, str], "Those that are the same at each try."]
    body: Annotated[str | None, "Byte for byte; null once the event is no longer known."]


class DeliveryBody(TypedDict):
    """One event for one webhook."""

    id: UUID
    event_id: Annotated[UUID, "The `id` in the body, and the `webhook-id` by which a receiver knows what it has seen."]
    event_type: str
    reason: Annotated[
        Literal["event", "replay", "redelivery", "test"],
        "`event`: it happened. The others were asked for; `redelivery` and `test` are tried once, past the others.",
    ]
    status: Annotated[
        Literal["pending", "succeeded", "failed", "superseded"],
        "`failed` is given up; `superseded` was still to be sent when a replay began that sends it, too.",
    ]
    created_at: datetime
    finished_at: datetime | None
    attempts: list[AttemptBody]
    request: RequestBody


class ReplayBody(TypedDict):
    """What is sent again."""

    since: datetime
    count: Annotated[Count, "So many events."]
