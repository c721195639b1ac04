"""Who uses the product: people, the organizations they belong to, and their log-ins."""

from accounts.models.invitations import Invitation, InvitationQuerySet
from accounts.models.logins import LoginSession
from accounts.models.organizations import Membership, MembershipQuerySet, Organization, OrganizationQuerySet, Role
from accounts.models.users import User, UserManager, normalize_email

__all__ = [
    "Invitation",
    "InvitationQuerySet",
    "LoginSession",
    "Membership",
    "MembershipQuerySet",
    "Organization",
    "OrganizationQuerySet",
    "Role",
    "User",
    "UserManager",
    "normalize_email",
]
