"""What customers may be told of their licenses and the seats of these. Keys are never told, but for how they end."""

from typing import Annotated, Any, TypedDict

from accounts.events import UserEmail
from coditect.journal.catalogue import Id, Moment, MomentOrNone, PublicEvent

KeyEnding = Annotated[str, "The last characters of its key: four, or fewer where the key is short."]
StatusName = Annotated[str, {"enum": ["active", "suspended", "revoked", "expired"]}]
HoldName = Annotated[str, {"enum": ["customer", "operator", "billing"]}]
LIFE = "licenses.services.life"
ACQUIRE = "licenses.services.acquire.acquire_seat"
BEAT = "licenses.services.heartbeat.beat_from_record"
RELEASE = "licenses.services.release"
SWEEP = "licenses.services.expire.sweep_sessions"


class LicenseData(TypedDict):
    """A license, as it is right after the event."""

    license_id: Id
    key_ending: KeyEnding
    tier: str
    status: StatusName
    holds: Annotated[list[HoldName], "Who keeps it suspended."]
    max_seats: int
    features: list[Any]
    expires_at: Annotated[MomentOrNone, "Its end; null: never."]


class ReasonedData(LicenseData):
    """A license to which somebody did something."""

    reason: Annotated[str, "As given by whoever did it; may be empty."]


class UpdatedData(ReasonedData):
    """A license with other terms."""

    previous: Annotated[dict[str, Any], "What changed, by name, with its value before."]


class RenewedData(ReasonedData):
    """A license with another end."""

    previous_expires_at: Annotated[MomentOrNone, "Its end before; null: never."]


class TransferredData(ReasonedData):
    """A license that goes from one organization to another; both are told, and neither of the other."""

    direction: Annotated[str, "`out`: yours no more; `in`: yours from now on.", {"enum": ["out", "in"]}]


class KeyRotatedData(ReasonedData):
    """A license with a new key; `key_ending` is the new one's."""

    former_key_ending: Annotated[str, "The last characters of the key before."]
    former_key_works_until: Moment


class ExpiryData(LicenseData):
    """A license whose end is near, or has come."""

    days_left: Annotated[int, "Begun days until then; 0 once it has come.", {"minimum": 0}]


class ExhaustedData(LicenseData):
    """A license without a free seat."""

    active_seats: int


class SeatData(TypedDict):
    """A machine's seat; the counts are those right after the event."""

    session_id: Id
    license_id: Id
    user_id: Id
    hardware_id: str
    started_at: Moment
    max_seats: Annotated[int, "How many seats the license has."]
    seats_remaining: Annotated[int, "How many are free.", {"minimum": 0}]


class SeatPayload(SeatData):
    """A machine's seat, and the address of whoever held it."""

    user_email: UserEmail


EVENTS = (
    PublicEvent(
        type="license.created",
        summary="A license was issued.",
        data=LicenseData,
        emitted_by=["licenses.services.issue.issue_license", "licenses.services.imports.create.import_licenses"],
    ),
    PublicEvent(
        type="license.updated",
        summary="A license's terms changed: its seats, tier, features, holds, or an end that was brought forward.",
        data=UpdatedData,
        emitted_by=[
            "licenses.services.capacity.change_seats",
            "licenses.services.terms.change_terms",
            "licenses.services.terms.end_license",
            f"{LIFE}.suspend_license",
            f"{LIFE}.reinstate_license",
        ],
    ),
    PublicEvent(
        type="license.suspended",
        summary="No seat of the license can be taken or renewed until it is reinstated.",
        data=ReasonedData,
        emitted_by=[f"{LIFE}.suspend_license"],
    ),
    PublicEvent(
        type="license.reinstated",
        summary="The license works again.",
        data=ReasonedData,
        emitted_by=[f"{LIFE}.reinstate_license"],
    ),
    PublicEvent(
        type="license.revoked",
        summary="The license was taken back for good.",
        data=ReasonedData,
        emitted_by=[f"{LIFE}.revoke_license"],
    ),
    PublicEvent(
        type="license.renewed",
        summary="The license has another end.",
        data=RenewedData,
        emitted_by=[f"{LIFE}.renew_license"],
    ),
    PublicEvent(
        type="license.transferred",
        summary="The license went to another organization, or came from one.",
        data=TransferredData,
        emitted_by=["licenses.services.transfer.transfer_license"],
    ),
    PublicEvent(
        type="license.key_rotated",
        summary="The license has a new key; the old one works for a while.",
        data=KeyRotatedData,
        emitted_by=["licenses.services.rotate_key.rotate_key"],
    ),
    PublicEvent(
        type="license.expiring",
        summary="The license ends in 30 days, in 7, or in 1. Not told of what a subscription renews.",
        data=ExpiryData,
        emitted_by=["licenses.services.expiry_notices.send_expiry_notices"],
    ),
    PublicEvent(
        type="license.expired",
        summary="The license has ended.",
        data=ExpiryData,
        emitted_by=["licenses.services.expiry_notices.send_expiry_notices"],
    ),
    PublicEvent(
        type="license.seat.acquired",
        summary="A machine took a seat.",
        data=SeatPayload,
        emitted_by=[ACQUIRE],
    ),
    PublicEvent(
        type="license.seat.released",
        summary="A machine gave its seat back.",
        data=SeatPayload,
        emitted_by=[f"{RELEASE}.release_seat", f"{RELEASE}.end_session"],
    ),
    PublicEvent(
        type="license.seat.expired",
        summary="A machine fell silent, and its seat is free.",
        data=SeatPayload,
        emitted_by=[SWEEP, ACQUIRE, BEAT],
    ),
    PublicEvent(
        type="license.seat.revoked",
        summary="A seat was taken from its holder.",
        data=SeatPayload,
        emitted_by=[
            SWEEP,
            ACQUIRE,
            BEAT,
            f"{RELEASE}.release_seat",
            f"{RELEASE}.end_session",
            "licenses.services.revoke.revoke_seats_of",
            "licenses.services.transfer.transfer_license",
            f"{LIFE}.revoke_license",
        ],
    ),
    PublicEvent(
        type="license.seats.exhausted",
        summary="A seat was refused because all are taken; told once a day at most for each license.",
        data=ExhaustedData,
        emitted_by=["licenses.services.exhaustion.tell_of_exhaustion"],
    ),
)
