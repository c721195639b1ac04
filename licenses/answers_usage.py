"""What the endpoints of usage answer, as types."""

from datetime import datetime
from typing import Annotated, Any, Literal, TypedDict
from uuid import UUID

from licenses.answers import Seats

Whole = Annotated[int, {"minimum": 0}]


class UsageFiguresBody(TypedDict):
    """What happened on a license in a stretch of time."""

    peak: Annotated[Seats, "The most sessions that lived at one instant."]
    average: Annotated[float, {"minimum": 0}, "How many lived on average, to six decimals."]
    seat_seconds: Annotated[Whole, "For how long all sessions lived together, in seconds."]
    denials: Annotated[Whole, "How often a seat was refused because none was free."]
    users: Annotated[Whole, "Distinct users who held a seat."]
    machines: Annotated[Whole, "Distinct machines; those of users who had themselves forgotten count as one."]


class UsageBucketBody(UsageFiguresBody):
    """One period; the first and the last are cut off where the range begins and ends."""

    start: datetime
    end: Annotated[datetime, "No longer part of it."]


# A keyword of Python cannot be a field of a class.
UsageRangeBody = TypedDict("UsageRangeBody", {"from": datetime, "to": Annotated[datetime, "Not later than now."]})


class UsageBody(UsageRangeBody):
    """How a license was used."""

    license_id: UUID
    granularity: Literal["hour", "day", "week", "month"]
    total: Annotated[UsageFiguresBody, "Over the whole range; distinct users and machines are counted once."]
    buckets: list[UsageBucketBody]


UsageFileBody = Annotated[Any, "CSV (RFC 4180) with a header line and a line for each bucket."]
