"""What the endpoints of licenses and seats answer, as types; the tests hold the server to them."""

from datetime import datetime
from typing import Annotated, Any, Literal, TypedDict
from uuid import UUID

Seats = Annotated[int, {"minimum": 0}]
Status = Literal["active", "suspended", "expired", "revoked"]
Features = list[str]


class HeldSeatBody(TypedDict):
    """A seat in a machine's hands."""

    session_id: UUID
    license_id: UUID
    license_key: str
    hardware_id: str
    started_at: datetime
    last_heartbeat_at: datetime
    expires_at: Annotated[datetime, "Without a heartbeat until then the seat is free again."]
    is_active: bool
    revoking: Annotated[bool, "The license has fewer seats by now; this one will not be renewed."]
    seats_remaining: Seats
    max_seats: Seats
    heartbeat_interval: Annotated[int, "Send a heartbeat every so many seconds."]


class ReleasedSeatBody(TypedDict):
    """A seat given back."""

    message: str
    session_id: UUID
    seats_remaining: Seats


class SeatSessionBody(TypedDict):
    """A seat session as lists and the detail show it."""

    session_id: UUID
    license_id: UUID
    user_id: UUID
    user_email: str
    hardware_id: str
    ip_address: str | None
    client_version: str
    metadata: dict[str, Any]
    status: Literal["active", "expired", "released", "revoked"]
    is_active: bool
    revoking: bool
    started_at: datetime
    last_heartbeat_at: datetime
    expires_at: datetime
    ended_at: datetime | None


class LicenseBody(TypedDict):
    """A license with its present seats."""

    id: UUID
    key_string: Annotated[str, "Viewers see only its end."]
    tier: str
    status: Status
    is_active: Annotated[bool, "Whether it may be used right now."]
    expiry_date: Annotated[datetime, "9999-12-31T23:59:59Z where it never expires."]
    max_seats: Seats
    active_seats: Seats
    available_seats: Seats
    features: Features
    organization_id: UUID
    created_at: datetime


class LicenseDetailBody(LicenseBody):
    """A license with those who hold its seats."""

    sessions: list[SeatSessionBody]


class LicenseFileBody(TypedDict):
    """A license file: a flattened JWS (RFC 7515, section 7.2.2)."""

    payload: Annotated[str, "The license and `valid_until`, as JSON in base64url."]
    protected: Annotated[str, "`alg`, `kid` and `typ`, as JSON in base64url."]
    signature: str


class ValidLicenseBody(TypedDict):
    """What a good key stands for; never whose it is."""

    tier: str
    status: Status
    is_active: bool
    expiry_date: datetime
    max_seats: Seats
    features: Features


CheckedAt = Annotated[datetime, "When the license was looked at: now, or a few seconds ago."]
Receipt = Annotated[str | None, "The verdict, signed: a compact JWS (docs/ci.md). Null for a key with a typing error."]


class GoodKeyBody(TypedDict):
    """The key is good."""

    valid: Literal[True]
    license: ValidLicenseBody
    checked_at: CheckedAt
    receipt: Receipt


class BadKeyBody(TypedDict):
    """The key is not good, and why."""

    valid: Literal[False]
    code: Literal["not_found", "expired", "suspended", "revoked", "malformed_key"]
    reason: str
    checked_at: CheckedAt
    receipt: Receipt


VerdictBody = GoodKeyBody | BadKeyBody


class VerdictsBody(TypedDict):
    """What many keys are worth, in the order in which they were asked for."""

    verdicts: list[VerdictBody]
