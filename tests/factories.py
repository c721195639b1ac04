"""Makes what a test needs, through the services where there is one."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts import tokens
from accounts.models import LoginSession, Membership, Organization, Role, User
from accounts.scopes import SCOPES_OF_ROLE, Scope
from accounts.services.api_tokens import create_api_token
from accounts.services.organizations import create_organization
from licenses.models import License
from licenses.services.issue import issue_license

PASSWORD = "SecurePass123!"


@cache
def _password_hash() -> str:
    """Argon2 takes its time; once per run is enough."""
    return make_password(PASSWORD)


def make_user(email: str | None = None, **fields: object) -> User:
    """A user whose password is PASSWORD."""
    return User.objects.create(
        email=email or f"user-{secrets.token_hex(6)}@example.com",
        password=_password_hash(),
        **{"full_name": "Test User", **fields},
    )


def make_organization(name: str = "Acme Inc") -> Organization:
    """An organization, with its free license."""
    return create_organization(name=name, now=timezone.now())


def make_membership(
    role: str = Role.OWNER, *, organization: Organization | None = None, user: User | None = None
) -> Membership:
    """A user in an organization."""
    return Membership.objects.create(
        organization=organization or make_organization(), user=user or make_user(), role=role
    )


def make_license(
    organization: Organization,
    *,
    seats: int = 1,
    tier: str = "pro",
    expires_at: datetime | None = None,
    key: str | None = None,
) -> License:
    """A license with a new key."""
    return issue_license(
        organization=organization, tier=tier, seats=seats, expires_at=expires_at, key=key, now=timezone.now()
    )


def log_in(user: User) -> str:
    """An access token of a new login session."""
    refresh = tokens.new_refresh_token(user_id=user.pk)
    now = timezone.now()
    LoginSession.objects.create(
        id=refresh.login_session_id,
        user=user,
        refresh_jti_hash=refresh.jti_hash,
        created_at=now,
        last_used_at=now,
        expires_at=refresh.expires_at,
    )
    return tokens.new_access_token(user_id=user.pk, login_session_id=refresh.login_session_id)


@dataclass(frozen=True)
class Person:
    """A signed-in member of an organization."""

    membership: Membership
    token: str

    @property
    def user_id(self) -> UUID:
        """The user's id."""
        return self.membership.user_id

    @property
    def organization(self) -> Organization:
        """The organization."""
        return self.membership.organization


def make_person(role: str = Role.OWNER, *, organization: Organization | None = None) -> Person:
    """A member of an organization, signed in."""
    membership = make_membership(role, organization=organization)
    return Person(membership, log_in(membership.user))


def make_api_token(person: Person, *scopes: str, expires_at: datetime | None = None) -> str:
    """An API token of an administrator with these scopes, or with all that the role has."""
    new = create_api_token(
        membership=person.membership,
        name="CI",
        scopes=scopes or [scope for scope in Scope if scope in SCOPES_OF_ROLE[person.membership.role]],
        expires_at=expires_at,
        now=timezone.now(),
    )
    return new.text
