"""Who uses the product: people, the organizations they belong to, and their log-ins."""

from accounts.models.api_tokens import ApiToken, ApiTokenQuerySet
from accounts.models.invitations import Invitation, InvitationQuerySet
from accounts.models.logins import LoginSession, LoginSessionQuerySet
from accounts.models.one_time import EmailChange, LogInCode, OneTimeToken
from accounts.models.organizations import Membership, MembershipQuerySet, Organization, OrganizationQuerySet, Role
from accounts.models.totp import RecoveryCode, TotpDevice
from accounts.models.users import User, UserManager, normalize_email

__all__ = [
    "ApiToken",
    "ApiTokenQuerySet",
    "EmailChange",
    "Invitation",
    "InvitationQuerySet",
    "LogInCode",
    "LoginSession",
    "LoginSessionQuerySet",
    "Membership",
    "MembershipQuerySet",
    "OneTimeToken",
    "Organization",
    "OrganizationQuerySet",
    "RecoveryCode",
    "Role",
    "TotpDevice",
    "User",
    "UserManager",
    "normalize_email",
]
