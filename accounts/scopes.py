"""What an API token may be allowed to do, and how much of it a role can pass on."""

from django.db import models

from accounts.models.organizations import Role


class Scope(models.TextChoices):
    """One permission of an API token."""

    READ_PROFILE = "read:profile"
    WRITE_PROFILE = "write:profile"
    READ_ORG = "read:org"
    ADMIN_ORG = "admin:org"
    READ_LICENSES = "read:licenses"
    MANAGE_LICENSES = "manage:licenses"
    READ_BILLING = "read:billing"
    MANAGE_BILLING = "manage:billing"


_OF_VIEWERS = frozenset(
    {Scope.READ_PROFILE, Scope.WRITE_PROFILE, Scope.READ_ORG, Scope.READ_LICENSES, Scope.READ_BILLING}
)
_OF_MEMBERS = _OF_VIEWERS | {Scope.MANAGE_LICENSES}
_OF_ADMINS = _OF_MEMBERS | {Scope.ADMIN_ORG}
_OF_OWNERS = _OF_ADMINS | {Scope.MANAGE_BILLING}

# A token never opens more than its maker's present role does: the role is looked up at every use.
SCOPES_OF_ROLE: dict[str, frozenset[Scope]] = {
    Role.VIEWER: _OF_VIEWERS,
    Role.MEMBER: _OF_MEMBERS,
    Role.ADMIN: _OF_ADMINS,
    Role.OWNER: _OF_OWNERS,
}
