"""Endpoints of seats: take, look, give back."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request

from accounts.tenancy import OrganizationView
from coditect.api import throttling
from coditect.api.client import client_ip
from coditect.api.credentials import Scopes
from coditect.api.results import Created, Deleted, Listing
from coditect.api.schema.description import Answer, Nothing, PageOf, created, describe
from licenses import answers
from licenses.filters import SessionQuery
from licenses.models import SeatSession
from licenses.serializers import seats as shapes
from licenses.services.acquire import (
    LicenseExpired,
    LicenseNotFound,
    LicenseRevoked,
    LicenseSuspended,
    NoSeatsAvailable,
    SeatsForbidden,
    acquire_seat,
    public_address,
)
from licenses.services.heartbeat import (
    SessionNotFound,
)
from licenses.services.release import release_seat

TAG = "Seats"
SOME_ID = "6f9619ff-8b86-4011-b42d-00cf4fc964ff"


class AcquireView(OrganizationView):
    """Take a seat."""

    scopes: ClassVar[Scopes] = {"post": "manage:licenses"}
    limit: ClassVar[throttling.Category] = throttling.LICENSE_OPERATIONS

    @describe(
        "acquire_seat",
        "Take a seat",
        tag=TAG,
        request=shapes.AcquireSerializer,
        answers=[created(answers.HeldSeatBody), Answer(answers.HeldSeatBody)],
        errors=[SeatsForbidden, LicenseNotFound, LicenseExpired, LicenseSuspended, LicenseRevoked, NoSeatsAvailable],
        example={
            "license_key": "PROD-2025-ABCD-1234",
            "hardware_id": "mac-address-hash-xyz",
            "ip_address": "192.168.1.100",
            "client_version": "1.0.0",
        },
    )
    def post(self, request: Request) -> Created | dict[str, Any]:
        """A new seat is a 201; the seat that this machine holds already, a 200."""
        wanted = self.read(shapes.AcquireSerializer)
        wanted["ip_address"] = public_address(wanted.get("ip_address"), peer=client_ip(request))
        held = acquire_seat(membership=self.membership, **wanted)
        seat = shapes.present_held_seat(held)
        return Created(seat) if held.is_new else seat


class SessionListView(OrganizationView):
    """Seat sessions: one's own, for administrators all of the organization's."""

    scopes: ClassVar[Scopes] = {"get": "read:licenses"}

    @describe(
        "list_seat_sessions",
        "List seat sessions",
        tag=TAG,
        query=SessionQuery,
        answers=[PageOf("sessions", answers.SeatSessionBody)],
    )
    def get(self, request: Request) -> Listing:
        """One's own; all of the organization's for its administrators."""
        query = SessionQuery(request)
        rows = query.apply(visible_sessions(self))
        return Listing(key="sessions", rows=rows, sort=query.sort, present=shapes.present_sessions)


class SessionView(OrganizationView):
    """One seat session."""

    scopes: ClassVar[Scopes] = {"get": "read:licenses", "delete": "manage:licenses"}
    limit: ClassVar[throttling.Category] = throttling.LICENSE_OPERATIONS

    @describe(
        "get_seat_session",
        "Show a seat session",
        tag=TAG,
        answers=[Answer(answers.SeatSessionBody)],
        errors=[SessionNotFound],
    )
    def get(self, request: Request, session_id: UUID) -> dict[str, Any]:
        """Show it, for a client that kept its id over a crash."""
        session = visible_sessions(self).filter(pk=session_id).first()
        if session is None:
            raise SessionNotFound
        return shapes.present_sessions([session])[0]

    @describe(
        "release_seat",
        "Give a seat back",
        tag=TAG,
        answers=[Nothing(answers.ReleasedSeatBody)],
        errors=[SessionNotFound],
    )
    def delete(self, request: Request, session_id: UUID) -> Deleted:
        """End a session of one's own; administrators may end anybody's. Twice is the same as once."""
        return Deleted(shapes.present_release(release_seat(membership=self.membership, session_id=session_id)))


class ReleaseView(OrganizationView):
    """Give a seat back, with the session in the body."""

    scopes: ClassVar[Scopes] = {"post": "manage:licenses"}
    limit: ClassVar[throttling.Category] = throttling.LICENSE_OPERATIONS

    @describe(
        "release_seat_by_body",
        "Give a seat back, session in the body",
        tag=TAG,
        request=shapes.SessionSerializer,
        answers=[Answer(answers.ReleasedSeatBody)],
        errors=[SessionNotFound],
        example={"session_id": SOME_ID},
    )
    def post(self, request: Request) -> dict[str, Any]:
        """End the session, as DELETE does."""
        session_id = self.read(shapes.SessionSerializer)["session_id"]
        return shapes.present_release(release_seat(membership=self.membership, session_id=session_id))


def visible_sessions(view: OrganizationView) -> QuerySet[SeatSession]:
    """The seat sessions that the caller may see."""
    return SeatSession.objects.for_member(view.membership).select_related("license", "user")
