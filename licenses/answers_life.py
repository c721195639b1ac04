"""What the endpoints of a license's life answer, as types."""

from datetime import datetime
from typing import Annotated, Any, Literal, TypedDict
from uuid import UUID

from licenses.answers import LicenseBody

Hold = Literal["customer", "operator", "billing"]


class LicenseLifeBody(LicenseBody):
    """A license after a change of its life."""

    holds: Annotated[list[Hold], "Who keeps it suspended; each lifts only their own hold."]


class CheckBody(TypedDict):
    """One check of an acquire."""

    check: Literal["key", "holder", "status", "expiry", "own_seat", "seats"]
    ok: bool
    code: Annotated[str | None, "What an acquire would be refused with."]
    message: str
    details: Annotated[dict[str, Any], "The numbers and dates that were looked at."]
    help: Annotated[str | None, "What would help."]


class ExplanationBody(TypedDict):
    """Why a machine would or would not get a seat."""

    license_id: UUID
    user_id: UUID
    hardware_id: str
    would_succeed: bool
    code: Annotated[str | None, "That of the first check that fails: what an acquire would be refused with."]
    checks: Annotated[list[CheckBody], "In the order in which an acquire makes them."]
    checked_at: datetime
