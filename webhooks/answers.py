"""The shapes of this app's answers, for the API's description."""

from datetime import datetime
from typing import Annotated, Literal, TypedDict
from uuid import UUID


class ReceivedBody(TypedDict):
    """It is with us now, or was already."""

    received: Literal[True]


class WebhookBody(TypedDict):
    """Where an organization's events are sent, and whether that works."""

    id: UUID
    organization_id: UUID
    url: str
    description: str
    events: Annotated[list[str], 'Types of events; `"*"` is each of them.']
    status: Literal["enabled", "disabled"]
    disabled_reason: Annotated[
        Literal["gone", "failing", "customer", "operator"] | None,
        "`gone`: it answered 410. `failing`: for five days. `customer`, `operator`: one of yours, or of ours, did it.",
    ]
    failing_since: Annotated[datetime | None, "When the first of the present failures was; null while it works."]
    previous_secret_until: Annotated[
        datetime | None, "Until then everything is signed with the secret before the present one, too."
    ]
    created_at: datetime


class NewWebhookBody(WebhookBody):
    """The same with the secret just made."""

    secret: Annotated[
        str, "What deliveries are signed with; shown this once.", {"pattern": "^whsec_[A-Za-z0-9+/]{43}=$"}
    ]
