"""Endpoints of licenses and seats."""

import math
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework.request import Request

from accounts.authentication import bearer_claims
from accounts.tenancy import OrganizationView
from accounts.tokens import Claims
from coditect.api import throttling
from coditect.api.client import client_ip
from coditect.api.problems import Problem
from coditect.api.results import Created, Deleted, Listing
from coditect.api.views import PublicView
from coditect.errors import LimitExceeded, Unauthenticated
from licenses import leases
from licenses import serializers as shapes
from licenses.filters import LicenseQuery, SessionQuery
from licenses.models import License, LicenseQuerySet, SeatSession
from licenses.services.acquire import LicenseNotFound, acquire_seat, public_address
from licenses.services.heartbeat import SessionNotFound, beat_from_lease, beat_from_record
from licenses.services.release import release_seat
from licenses.services.validate import validate_key


class LicenseListView(OrganizationView):
    """The organization's licenses."""

    limit: ClassVar[throttling.Category] = throttling.LICENSE_OPERATIONS

    def get(self, request: Request) -> Listing:
        """List them."""
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

    limit: ClassVar[throttling.Category] = throttling.LICENSE_OPERATIONS

    def get(self, request: Request, license_id: UUID) -> dict[str, Any]:
        """Show it, with those who hold its seats."""
        license = visible_licenses(self).filter(pk=license_id).first()
        if license is None:
            raise LicenseNotFound
        return shapes.present_license(license, membership=self.membership, now=timezone.now())


class ValidateView(PublicView):
    """Is a key good? For CI scripts, without log-in."""

    limit: ClassVar[throttling.Category] = throttling.VALIDATION

    def post(self, request: Request) -> dict[str, Any]:
        """The verdict, always a 200."""
        key = self.read(shapes.ValidateSerializer)["key_string"]
        return shapes.present_verdict(validate_key(key, now=timezone.now()))

    def error_extra(self, problem: Problem) -> dict[str, Any]:
        """The published scripts read `valid` and `reason` from whatever comes back."""
        return {"valid": None, "reason": problem.message}


class AcquireView(OrganizationView):
    """Take a seat."""

    limit: ClassVar[throttling.Category] = throttling.LICENSE_OPERATIONS

    def post(self, request: Request) -> Created | dict[str, Any]:
        """A new seat is a 201; the seat that this machine holds already, a 200."""
        wanted = self.read(shapes.AcquireSerializer)
        wanted["ip_address"] = public_address(wanted.get("ip_address"), peer=client_ip(request))
        held = acquire_seat(membership=self.membership, **wanted)
        seat = shapes.present_held_seat(held)
        return Created(seat) if held.is_new else seat


class HeartbeatView(PublicView):
    """Keep a seat, by a token whose signature and claims are good; the lease itself knows whose it is."""

    def rate_limits(self, request: Request) -> list[throttling.Limit]:
        """Heartbeats count in their own script, where the lease is found."""
        return []

    def patch(self, request: Request, session_id: UUID) -> dict[str, Any]:
        """Renew the session in the path."""
        return self.keep(claims_of(request), session_id)

    def keep(self, claims: Claims, session_id: UUID) -> dict[str, Any]:
        """Renew a session: from Redis alone where it is alive, else by the database."""
        try:
            beat = beat_from_lease(session_id=session_id, user_id=claims.user_id)
        except leases.BeatLimited as error:
            raise limit_exceeded(error.window) from error
        if beat is not None and not beat.is_revoking:
            self.headers |= window_headers(beat.window)
            return shapes.present_beat(beat)
        self.headers |= throttling.check([throttling.DEFAULT.for_user(claims.user_id)])
        kept = beat_from_record(session_id=session_id, user_id=claims.user_id, marked=beat)
        return shapes.present_beat(kept) if isinstance(kept, leases.Beat) else shapes.present_held_seat(kept)


class HeartbeatByBodyView(HeartbeatView):
    """The same with the session in the body."""

    http_method_names = ["post"]

    def post(self, request: Request) -> dict[str, Any]:
        """Renew the session in the body."""
        claims = claims_of(request)
        return self.keep(claims, self.read(shapes.SessionSerializer)["session_id"])


class SessionListView(OrganizationView):
    """Seat sessions: one's own, for administrators all of the organization's."""

    def get(self, request: Request) -> Listing:
        """List them."""
        query = SessionQuery(request)
        rows = query.apply(visible_sessions(self))
        return Listing(key="sessions", rows=rows, sort=query.sort, present=shapes.present_sessions)


class SessionView(OrganizationView):
    """One seat session."""

    limit: ClassVar[throttling.Category] = throttling.LICENSE_OPERATIONS

    def get(self, request: Request, session_id: UUID) -> dict[str, Any]:
        """Show it, for a client that kept its id over a crash."""
        session = visible_sessions(self).filter(pk=session_id).first()
        if session is None:
            raise SessionNotFound
        return shapes.present_sessions([session])[0]

    def delete(self, request: Request, session_id: UUID) -> Deleted:
        """Give the seat back."""
        return Deleted(shapes.present_release(release_seat(membership=self.membership, session_id=session_id)))


class ReleaseView(OrganizationView):
    """Give a seat back, with the session in the body."""

    limit: ClassVar[throttling.Category] = throttling.LICENSE_OPERATIONS

    def post(self, request: Request) -> dict[str, Any]:
        """End the session."""
        session_id = self.read(shapes.SessionSerializer)["session_id"]
        return shapes.present_release(release_seat(membership=self.membership, session_id=session_id))


def visible_licenses(view: OrganizationView) -> LicenseQuerySet:
    """The licenses that the caller may see."""
    return License.objects.for_organization(view.membership.organization).with_expiry_date()


def visible_sessions(view: OrganizationView) -> QuerySet[SeatSession]:
    """The seat sessions that the caller may see."""
    return SeatSession.objects.for_member(view.membership).select_related("license", "user")


def claims_of(request: Request) -> Claims:
    """The claims of the bearer token. Raises Unauthenticated."""
    claims = bearer_claims(request)
    if claims is None:
        raise Unauthenticated
    return claims


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
