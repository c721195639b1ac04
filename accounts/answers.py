"""What the endpoints of accounts answer, as types; the tests hold the server to them."""

from datetime import datetime
from typing import Annotated, Any, Literal, TypedDict
from uuid import UUID

RoleName = Literal["owner", "admin", "member", "viewer"]
ScopeName = Literal[
    "read:profile",
    "write:profile",
    "read:org",
    "admin:org",
    "read:licenses",
    "manage:licenses",
    "read:billing",
    "manage:billing",
]


class UserBody(TypedDict):
    """A user."""

    id: UUID
    email: str
    full_name: str
    email_verified: bool
    created_at: datetime


class RegistrationBody(UserBody):
    """A user just signed up, with the organization made for them."""

    company_name: str
    organization_id: UUID
    organization_name: str
    role: RoleName


class AccessBody(TypedDict):
    """An access token."""

    access: str
    token_type: Literal["Bearer"]
    expires_in: Annotated[int, "In seconds."]


class TokensBody(AccessBody):
    """Both tokens of a log-in."""

    refresh: Annotated[str, "Good for 7 days; it stays the same."]


class LoginBody(TokensBody):
    """Both tokens of a log-in, and whose they are."""

    user: UserBody


class MessageBody(TypedDict):
    """Done."""

    message: str


class VerifiedBody(MessageBody):
    """An address was proved."""

    email: str
    email_verified: Literal[True]


class EmailChangeBody(MessageBody):
    """A change of address was confirmed, for one address or for both."""

    email_changed: bool


class MembershipBody(TypedDict):
    """A user's place in an organization."""

    organization_id: UUID
    organization_name: str
    role: RoleName


class AccountBody(UserBody):
    """A user with their place in each organization."""

    memberships: list[MembershipBody]


class OrganizationBody(TypedDict):
    """An organization, as somebody with a role in it sees it."""

    id: UUID
    name: str
    slug: str
    plan: str
    status: Literal["active", "deleted"]
    role: RoleName
    created_at: datetime


class MemberBody(TypedDict):
    """Somebody's place in an organization."""

    id: Annotated[UUID, "The membership's id, as the paths below members take it."]
    organization_id: UUID
    user_id: UUID
    email: str
    full_name: str
    role: RoleName
    created_at: datetime


class JoinedBody(MemberBody):
    """The place of somebody who just joined."""

    organization_name: str


class InvitationBody(TypedDict):
    """An invitation; its token is in the mail alone."""

    id: UUID
    organization_id: UUID
    email: str
    role: RoleName
    status: Literal["pending", "accepted", "revoked", "expired"]
    invited_by: UUID
    created_at: datetime
    expires_at: datetime


class LoginSessionBody(TypedDict):
    """A log-in on one device."""

    id: UUID
    created_at: datetime
    last_used_at: datetime
    ip: str | None
    user_agent: str
    is_current: bool


class EndedSessionsBody(MessageBody):
    """Log-ins were ended."""

    ended: Annotated[int, {"minimum": 0}]


class ApiTokenBody(TypedDict):
    """An API token without its secret."""

    id: UUID
    name: str
    prefix: Annotated[str, "By which people recognize it."]
    scopes: list[ScopeName]
    organization_id: UUID
    user_id: UUID
    user_email: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class NewApiTokenBody(ApiTokenBody):
    """A token just made."""

    token: Annotated[str, "The token itself, shown this once."]


class LeakedTokenBody(TypedDict):
    """Whether a reported text is a token of ours."""

    token_hash: Annotated[str, "Its SHA-256, in hexadecimal digits."]
    token_type: str
    label: Literal["true_positive", "false_positive"]


class AuditActorBody(TypedDict):
    """Who did it; nobody, where it happened by itself."""

    id: UUID | None
    email: Annotated[str | None, "Null also for staff of this service."]
    api_token_id: Annotated[UUID | None, "The API token that was used, where it was one."]


class AuditSubjectBody(TypedDict):
    """What it was done to."""

    type: str
    id: UUID


class AuditEntryBody(TypedDict):
    """Something that happened."""

    id: UUID
    type: Annotated[str, "Such as `member.role_changed`."]
    actor: AuditActorBody
    subject: AuditSubjectBody
    ip: str | None
    request_id: Annotated[str | None, "The X-Request-ID of the request that did it."]
    data: dict[str, Any]
    at: datetime


class NewTotpBody(TypedDict):
    """What an authenticator app needs to know, shown this once."""

    secret: str
    otpauth_uri: Annotated[str, "For a QR code."]


class RecoveryCodesBody(MessageBody):
    """Ways in without the authenticator app, shown this once."""

    recovery_codes: Annotated[list[str], "Each is good once, in place of a code."]


class PersonalDataBody(TypedDict):
    """Everything that we know of a user."""

    exported_at: datetime
    user: dict[str, Any]
    memberships: list[dict[str, Any]]
    login_sessions: list[dict[str, Any]]
    api_tokens: list[dict[str, Any]]
    mails: Annotated[list[dict[str, Any]], "Which mails were sent, not what they said."]
    events: Annotated[list[dict[str, Any]], "What the user did."]
    seat_sessions: list[dict[str, Any]]
