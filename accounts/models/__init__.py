"""Who uses the product: people, the organizations they belong to, and their log-ins."""

from accounts.models.logins import LoginSession
from accounts.models.organizations import Membership, MembershipQuerySet, Organization, Role
from accounts.models.users import User, UserManager, normalize_email

__all__ = [
    "LoginSession",
    "Membership",
    "MembershipQuerySet",
    "Organization",
    "Role",
    "User",
    "UserManager",
    "normalize_email",
]
