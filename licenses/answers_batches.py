"""What the endpoints of batches answer, as types; the tests hold the server to them."""

from datetime import datetime
from typing import Annotated, Literal, TypedDict
from uuid import UUID

from licenses.answers import VerdictBody

Count = Annotated[int, {"minimum": 0}]
Operation = Literal["validate", "suspend", "reinstate", "renew"]


class BatchBody(TypedDict):
    """One operation on many licenses."""

    id: UUID
    operation: Operation
    expires_at: Annotated[datetime | None, "Until when a `renew` lets the licenses last; null: for ever."]
    reason: str
    status: Annotated[
        Literal["queued", "running", "completed", "canceled"],
        "`completed` and `canceled` are final; completed says that all is done, not that all of it succeeded.",
    ]
    total: Count
    succeeded: Count
    failed: Count
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class BatchResultBody(TypedDict):
    """What came of one license of a batch."""

    position: Annotated[int, "The place in the list of ids or keys; the first is 1.", {"minimum": 1}]
    id: Annotated[UUID | None, "As it was sent; null in a batch of keys."]
    key: Annotated[str | None, "Only its end can be read; null in a batch of ids."]
    status: Literal["pending", "succeeded", "failed", "canceled"]
    code: Annotated[str | None, "Why it failed, such as `license_not_found`."]
    message: Annotated[str | None, "The same, for people."]
    verdict: Annotated[VerdictBody | None, "What a `validate` found out; a key that is not good is a success, too."]
