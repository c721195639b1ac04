"""Endpoints of licenses and seats."""

import math
from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework.request import Request

from accounts.authentication import api_token_text, bearer_claims, credential_of
from accounts.tenancy import OrganizationView
from coditect.api import throttling
from coditect.api.client import client_ip
from coditect.api.credentials import Scopes
from coditect.api.problems import Problem
from coditect.api.results import Created, Deleted, Listing
from coditect.api.schema.description import Answer, Nothing, PageOf, created, describe
from coditect.api.views import PublicView
from coditect.errors import DomainError, LimitExceeded, Unauthenticated
from licenses import answers, leases
from licenses import serializers as shapes
from licenses.filters import LicenseQuery, SessionQuery
from licenses.models import License, LicenseQuerySet, SeatSession
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
    SeatRevoked,
    SessionExpired,
    SessionNotFound,
    SessionReleased,
    beat_from_lease,
    beat_from_record,
    use_api_token_to_beat,
)
from licenses.services.release import release_seat
from licenses.services.validate import validate_key

LICENSES, SEATS = "Licenses", "Seats"
SOME_ID = "6f9619ff-8b86-4011-b42d-00cf4fc964ff"


class LicenseListView(OrganizationView):
    """The organization's licenses."""

    scopes: ClassVar[Scopes] = {"get": "read:licenses"}
    limit: ClassVar[throttling.Category] = throttling.LICENSE_OPERATIONS

    @describe(
        "list_licenses",
        "List licenses",
        tag=LICENSES,
        query=LicenseQuery,
        answers=[PageOf("licenses", answers.LicenseBody)],
    )
    def get(self, request: Request) -> Listing:
        """The organization's licenses; viewers see keys masked."""
        query = LicenseQuery(request)
        membership, now = self.membership, timezone.now()
        return Listing(
            key="licenses",
            rows=query.apply(visible_licenses(self)),
            sort=query.sort,
            present=lambda rows: shapes.present_licenses(rows, membership=membership, now=now),
        )


class LicenseView(OrganizationView):
    """One license of the organization."""

    scopes: ClassVar[Scopes] = {"get": "read:licenses"}
    limit: ClassVar[throttling.Category] = throttling.LICENSE_OPERATIONS

    @describe(
        "get_license",
        "Show a license",
        tag=LICENSES,
        answers=[Answer(answers.LicenseDetailBody)],
        errors=[LicenseNotFound],
    )
    def get(self, request: Request, license_id: UUID) -> dict[str, Any]:
        """Show it, with those who hold its seats."""
        license = visible_licenses(self).filter(pk=license_id).first()
        if license is None:
            raise LicenseNotFound
        return shapes.present_license(license, membership=self.membership, now=timezone.now())


class ValidateView(PublicView):
    """Is a key good? For CI scripts, without log-in."""

    limit: ClassVar[throttling.Category] = throttling.VALIDATION

    @describe(
        "validate_license",
        "Check a license key",
        tag=LICENSES,
        request=shapes.ValidateSerializer,
        answers=[Answer(answers.VerdictBody)],
        example={"key_string": "PROD-2025-ABCD-1234"},
    )
    def post(self, request: Request) -> dict[str, Any]:
        """The verdict, always a 200."""
        key = self.read(shapes.ValidateSerializer)["key_string"]
        return shapes.present_verdict(validate_key(key, now=timezone.now()))

    def error_extra(self, problem: Problem) -> dict[str, Any]:
        """The published scripts read `valid` and `reason` from whatever comes back."""
        return {"valid": None, "reason": problem.message}


class AcquireView(OrganizationView):
    """Take a seat."""

    scopes: ClassVar[Scopes] = {"post": "manage:licenses"}
    limit: ClassVar[throttling.Category] = throttling.LICENSE_OPERATIONS

    @describe(
        "acquire_seat",
        "Take a seat",
        tag=SEATS,
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


class HeartbeatView(PublicView):
    """Keep a seat, by a token whose signature and claims are good; the lease itself knows whose it is."""

    scopes: ClassVar[Scopes] = {"patch": "manage:licenses", "post": "manage:licenses"}
    errors: ClassVar[Sequence[type[DomainError]]] = (SessionNotFound, SessionExpired, SessionReleased, SeatRevoked)

    def rate_limits(self, request: Request) -> list[throttling.Limit]:
        """Heartbeats count in their own script, where the lease is found."""
        return []

    @describe(
        "renew_seat",
        "Send a heartbeat",
        tag=SEATS,
        answers=[Answer(answers.HeldSeatBody)],
        needs_log_in=True,
    )
    def patch(self, request: Request, session_id: UUID) -> dict[str, Any]:
        """Renew the session in the path."""
        return self.keep(request, session_id)

    def keep(self, request: Request, session_id: UUID) -> dict[str, Any]:
        """Renew a session: from Redis alone where it is alive, else by the database."""
        user_id, limit = holder_of(request, session_id)
        try:
            beat = beat_from_lease(session_id=session_id, user_id=user_id)
        except leases.BeatLimited as error:
            raise limit_exceeded(error.window) from error
        if beat is not None and not beat.is_revoking:
            self.headers |= window_headers(beat.window)
            return shapes.present_beat(beat)
        self.headers |= throttling.check([limit])
        kept = beat_from_record(session_id=session_id, user_id=user_id, marked=beat)
        return shapes.present_beat(kept) if isinstance(kept, leases.Beat) else shapes.present_held_seat(kept)


class HeartbeatByBodyView(HeartbeatView):
    """The same with the session in the body."""

    http_method_names = ["post"]

    @describe(
        "renew_seat_by_body",
        "Send a heartbeat, session in the body",
        tag=SEATS,
        request=shapes.SessionSerializer,
        answers=[Answer(answers.HeldSeatBody)],
        needs_log_in=True,
        example={"session_id": SOME_ID},
    )
    def post(self, request: Request) -> dict[str, Any]:
        """Renew the session in the body."""
        refuse_strangers(request)
        return self.keep(request, self.read(shapes.SessionSerializer)["session_id"])


class SessionListView(OrganizationView):
    """Seat sessions: one's own, for administrators all of the organization's."""

    scopes: ClassVar[Scopes] = {"get": "read:licenses"}

    @describe(
        "list_seat_sessions",
        "List seat sessions",
        tag=SEATS,
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
        tag=SEATS,
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
        tag=SEATS,
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
        tag=SEATS,
        request=shapes.SessionSerializer,
        answers=[Answer(answers.ReleasedSeatBody)],
        errors=[SessionNotFound],
        example={"session_id": SOME_ID},
    )
    def post(self, request: Request) -> dict[str, Any]:
        """End the session, as DELETE does."""
        session_id = self.read(shapes.SessionSerializer)["session_id"]
        return shapes.present_release(release_seat(membership=self.membership, session_id=session_id))


def visible_licenses(view: OrganizationView) -> LicenseQuerySet:
    """The licenses that the caller may see."""
    return License.objects.for_organization(view.membership.organization).with_expiry_date()


def visible_sessions(view: OrganizationView) -> QuerySet[SeatSession]:
    """The seat sessions that the caller may see."""
    return SeatSession.objects.for_member(view.membership).select_related("license", "user")


def refuse_strangers(request: Request) -> None:
    """Ask for a token before the body is looked at. Raises Unauthenticated."""
    if bearer_claims(request) is None and api_token_text(request) is None:
        raise Unauthenticated


def holder_of(request: Request, session_id: UUID) -> tuple[UUID, throttling.Limit]:
    """Whose seat it must be, and the limit of beats that the database has to decide.

    An access token is believed for its signature; an API token, which lives long, costs one SELECT. Raises
    Unauthenticated, InsufficientScope, SessionNotFound.
    """
    claims = bearer_claims(request)
    if claims is not None:
        return claims.user_id, throttling.DEFAULT.for_user(claims.user_id)
    text = api_token_text(request)
    if text is None:
        raise Unauthenticated
    token, reaches_session = use_api_token_to_beat(text, session_id=session_id, now=timezone.now())
    credential = credential_of(token)
    credential.require(HeartbeatView.scopes["patch"])
    if not reaches_session:
        raise SessionNotFound
    return token.user_id, throttling.DEFAULT.for_token(credential)


def limit_exceeded(window: leases.BeatWindow) -> LimitExceeded:
    """The refusal of a heartbeat that comes too often."""
    return LimitExceeded(
        limit=window.limit,
        retry_after=max(1, math.ceil(window.left.total_seconds())),
        reset_at=math.ceil(window.resets_at.timestamp()),
    )


def window_headers(window: leases.BeatWindow) -> dict[str, str]:
    """The limit's headers of a heartbeat; none where limits are off."""
    if not window.limit:
        return {}
    return throttling.limit_headers(
        limit=window.limit, remaining=window.remaining, reset_at=math.ceil(window.resets_at.timestamp())
    )
