"""Endpoints that keep a seat."""

import math
from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request

from accounts.authentication import api_token_text, bearer_claims, credential_of
from coditect.api import throttling
from coditect.api.credentials import ScopedCredential, Scopes
from coditect.api.schema.description import Answer, describe
from coditect.api.views import PublicView
from coditect.errors import DomainError, LimitExceeded, Unauthenticated
from licenses import answers, leases
from licenses.serializers import seats as shapes
from licenses.services.heartbeat import (
    SeatRevoked,
    SessionExpired,
    SessionNotFound,
    SessionReleased,
    beat_from_lease,
    beat_from_record,
    use_api_token_to_beat,
)

TAG = "Seats"
SOME_ID = "6f9619ff-8b86-4011-b42d-00cf4fc964ff"


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
        tag=TAG,
        answers=[Answer(answers.HeldSeatBody)],
        needs_log_in=True,
    )
    def patch(self, request: Request, session_id: UUID) -> dict[str, Any]:
        """Renew the session in the path."""
        return self.keep(request, session_id)

    def keep(self, request: Request, session_id: UUID) -> dict[str, Any]:
        """Renew a session: from Redis alone where it is alive, else by the database."""
        user_id, credential = holder_of(request, session_id)
        try:
            beat = beat_from_lease(session_id=session_id, user_id=user_id)
        except leases.BeatLimited as error:
            raise limit_exceeded(error.window) from error
        if beat is not None and not beat.is_revoking:
            self.headers |= window_headers(beat.window)
            return shapes.present_beat(beat)
        self.headers |= throttling.check([limit_of(user_id, credential)])
        kept = beat_from_record(session_id=session_id, user_id=user_id, marked=beat)
        return shapes.present_beat(kept) if isinstance(kept, leases.Beat) else shapes.present_held_seat(kept)


class HeartbeatByBodyView(HeartbeatView):
    """The same with the session in the body."""

    http_method_names = ["post"]

    @describe(
        "renew_seat_by_body",
        "Send a heartbeat, session in the body",
        tag=TAG,
        request=shapes.SessionSerializer,
        answers=[Answer(answers.HeldSeatBody)],
        needs_log_in=True,
        example={"session_id": SOME_ID},
    )
    def post(self, request: Request) -> dict[str, Any]:
        """Renew the session in the body."""
        refuse_strangers(request)
        return self.keep(request, self.read(shapes.SessionSerializer)["session_id"])


def refuse_strangers(request: Request) -> None:
    """Ask for a token before the body is looked at. Raises Unauthenticated."""
    if bearer_claims(request) is None and api_token_text(request) is None:
        raise Unauthenticated


def holder_of(request: Request, session_id: UUID) -> tuple[UUID, ScopedCredential | None]:
    """Whose seat it must be, and by which API token they ask, if by one.

    An access token is believed for its signature; an API token, which lives long, costs one SELECT. Raises
    Unauthenticated, InsufficientScope, SessionNotFound.
    """
    claims = bearer_claims(request)
    if claims is not None:
        return claims.user_id, None
    text = api_token_text(request)
    if text is None:
        raise Unauthenticated
    token, reaches_session = use_api_token_to_beat(text, session_id=session_id, now=timezone.now())
    credential = credential_of(token)
    credential.require(HeartbeatView.scopes["patch"])
    if not reaches_session:
        raise SessionNotFound
    return token.user_id, credential


def limit_of(user_id: UUID, credential: ScopedCredential | None) -> throttling.Limit:
    """The limit of beats that the database has to decide."""
    return throttling.DEFAULT.for_token(credential) if credential else throttling.DEFAULT.for_user(user_id)


def limit_exceeded(window: leases.BeatWindow) -> LimitExceeded:
    """The refusal of a heartbeat that comes too often."""
    return LimitExceeded(
        limit=window.limit,
        retry_after=max(1, math.ceil(window.left_ms / 1000)),
        reset_at=window.resets_at,
    )


def window_headers(window: leases.BeatWindow) -> dict[str, str]:
    """The limit's headers of a heartbeat; none where limits are off."""
    if not window.limit:
        return {}
    return throttling.limit_headers(limit=window.limit, remaining=window.remaining, reset_at=window.resets_at)
