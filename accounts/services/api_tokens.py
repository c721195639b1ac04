"""API tokens: made, used, taken back."""

import hashlib
import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from accounts import tokens
from accounts.models import ApiToken, ApiTokenQuerySet, Membership, User
from accounts.scopes import SCOPES_OF_ROLE, Scope
from coditect.errors import Forbidden, InvalidInput, NotFound
from coditect.journal.services import record_event

MARK = "cdt_"
LIVE, TEST = "cdt_live_", "cdt_test_"
ALPHABET = string.ascii_letters + string.digits
# 40 of 62 characters: 238 bits, of which four are shown ever after.
SECRET_CHARACTERS = 40
SHOWN_CHARACTERS = 4
# A token in heavy use must not turn each of its requests into a write.
USE_NOTED_EVERY = timedelta(minutes=1)


class ApiTokenNotFound(NotFound):
    """No such token, or not one that this member may know of."""

    code = "token_not_found"
    message = "Token not found."


class ScopesNotAllowed(Forbidden):
    """Nobody passes on more than they have. The details name the scopes."""

    message = "Your role does not allow these scopes."


class TokensForbidden(Forbidden):
    """A member or viewer asked for a token."""

    message = "Only administrators of the organization make API tokens."


@dataclass(frozen=True, kw_only=True)
class NewApiToken:
    """A token just made; `text` is shown this once and stored nowhere."""

    text: str
    token: ApiToken


@transaction.atomic
def create_api_token(
    *, membership: Membership, name: str, scopes: Sequence[str], now: datetime, expires_at: datetime | None = None
) -> NewApiToken:
    """Make a token that acts as this member, in this organization.

    Raises TokensForbidden, ScopesNotAllowed, InvalidInput for an expiry that is past.
    """
    if not membership.administers:
        raise TokensForbidden
    excess = sorted(set(scopes) - SCOPES_OF_ROLE[membership.role])
    if excess:
        raise ScopesNotAllowed(scopes=excess)
    if expires_at is not None and expires_at <= now:
        raise InvalidInput("expires_at", "The expiry must lie in the future.")
    text = _new_text()
    token = ApiToken.objects.create(
        organization=membership.organization,
        user=membership.user,
        name=name,
        prefix=text[: len(LIVE) + SHOWN_CHARACTERS],
        token_hash=hash_token(text),
        scopes=[scope.value for scope in Scope if scope in scopes],
        created_at=now,
        expires_at=expires_at,
    )
    _record("api_token.created", token, at=now)
    return NewApiToken(text=text, token=token)


def use_api_token(text: str, *, now: datetime, among: ApiTokenQuerySet | None = None) -> ApiToken:
    """The token behind its text, with `role`: one SELECT, and once a minute a note of its use.

    `among` may annotate what else the caller wants to know. Raises TokenInvalid, TokenExpired, TokenRevoked.
    """
    # tenancy: the token itself says which organization it opens
    rows = ApiToken.objects.all() if among is None else among
    token = rows.filter(token_hash=hash_token(text)).with_role().select_related("user", "organization").first()
    if token is None:
        raise tokens.TokenInvalid
    if token.revoked_at is not None or not token.user.is_active or token.maker_role is None:
        raise tokens.TokenRevoked
    if token.has_expired(at=now):
        raise tokens.TokenExpired
    _note_use(token, now=now)
    return token


def scopes_in_force(token: ApiToken) -> frozenset[str]:
    """What a token that was just used may do now: its scopes, as far as its maker's role still has them."""
    return frozenset(token.scopes) & SCOPES_OF_ROLE[token.maker_role] if token.maker_role else frozenset()


def revoke_api_token(*, membership: Membership, token_id: UUID, now: datetime) -> None:
    """Take a token back, at once. Raises ApiTokenNotFound."""
    if not _revoke(ApiToken.objects.for_member(membership).filter(pk=token_id), now=now):
        raise ApiTokenNotFound


def find_api_token_id(text: str) -> UUID:
    """The id of a token that somebody found lying about. Raises ApiTokenNotFound."""
    # tenancy: the token itself says whose it is
    token_id = ApiToken.objects.filter(token_hash=hash_token(text)).values_list("pk", flat=True).first()
    if token_id is None:
        raise ApiTokenNotFound
    return token_id


def revoke_any_api_token(*, token_id: UUID, now: datetime) -> None:
    """Take back a token of whatever organization: for the operators of this server. Raises ApiTokenNotFound."""
    # tenancy: the operators of the server may take back any
    if not _revoke(ApiToken.objects.filter(pk=token_id), now=now):
        raise ApiTokenNotFound


def revoke_api_tokens(*, user: User, now: datetime, organization_id: UUID | None = None) -> int:
    """Take back what a user made, everywhere or in one organization, and return how many there were."""
    made = ApiToken.objects.filter(user=user)  # tenancy: one user's own, wherever they made them
    return _revoke(made if organization_id is None else made.filter(organization_id=organization_id), now=now)


def hash_token(text: str) -> str:
    """What is stored of a token: it is random enough for a plain hash."""
    return hashlib.sha256(text.encode()).hexdigest()


def _new_text() -> str:
    start = LIVE if settings.CODITECT_ENV in {"production", "staging"} else TEST
    return start + "".join(secrets.choice(ALPHABET) for _ in range(SECRET_CHARACTERS))


def _note_use(token: ApiToken, *, now: datetime) -> None:
    stale = now - USE_NOTED_EVERY
    if token.last_used_at is None or token.last_used_at <= stale:
        unnoted = Q(last_used_at=None) | Q(last_used_at__lte=stale)
        ApiToken.objects.filter(unnoted, pk=token.pk).update(last_used_at=now)


@transaction.atomic
def _revoke(found: ApiTokenQuerySet, *, now: datetime) -> int:
    revoked = list(found.unrevoked().select_for_update(of=("self",)).order_by("pk"))
    for token in revoked:
        token.revoked_at = now
        token.save(update_fields=["revoked_at"])
        _record("api_token.revoked", token, at=now)
    return len(revoked)


def _record(event_type: str, token: ApiToken, *, at: datetime) -> None:
    data: dict[str, Any] = {"name": token.name, "prefix": token.prefix, "scopes": token.scopes}
    record_event(
        event_type, token, at=at, organization_id=token.organization_id, data=data | {"user_id": str(token.user_id)}
    )
