"""Shapes of one's own account, in and out."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar
from uuid import UUID

from rest_framework import serializers

from accounts.models import LoginSession, Membership, User
from accounts.serializers.authentication import present_user
from coditect.api.fields import TextField
from coditect.api.queries import ListQuery


class ProfileSerializer(serializers.Serializer[Any]):
    """What a user may change about themselves."""

    full_name = TextField(max_length=150, required=False)


class PasswordSerializer(serializers.Serializer[Any]):
    """The password once more, for what cannot be undone."""

    password = TextField(max_length=256, trim_whitespace=False)


class LoginSessionQuery(ListQuery):
    """How the list of log-ins is sorted."""

    sortable: ClassVar[dict[str, str]] = {"created_at": "created_at", "last_used_at": "last_used_at"}


def present_account(user: User, memberships: Iterable[Membership]) -> dict[str, Any]:
    """A user with their place in each organization."""
    return present_user(user) | {
        "memberships": [
            {
                "organization_id": membership.organization_id,
                "organization_name": membership.organization.name,
                "role": membership.role,
            }
            for membership in memberships
        ]
    }


def present_login_sessions(sessions: Sequence[LoginSession], *, current: UUID) -> list[dict[str, Any]]:
    """Log-ins, and which one is asking."""
    return [
        {
            "id": session.pk,
            "created_at": session.created_at,
            "last_used_at": session.last_used_at,
            "ip": session.ip,
            "user_agent": session.user_agent,
            "is_current": session.pk == current,
        }
        for session in sessions
    ]
