"""Shapes of organizations, members and invitations, in and out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rest_framework import serializers

from accounts.models import Invitation, Membership, Organization, Role
from accounts.serializers.authentication import EmailField
from coditect.api.fields import IdField, TextField


class OrganizationSerializer(serializers.Serializer[Any]):
    """What making an organization takes."""

    name = TextField(max_length=150)


class OrganizationChangesSerializer(serializers.Serializer[Any]):
    """What may be changed of an organization."""

    name = TextField(max_length=150, required=False)


class RoleSerializer(serializers.Serializer[Any]):
    """A member's new role."""

    role = serializers.ChoiceField(choices=Role.choices)


class MemberSerializer(serializers.Serializer[Any]):
    """A member named in the body."""

    member_id = IdField()


class InvitationSerializer(serializers.Serializer[Any]):
    """Whom to invite, and as what."""

    email = EmailField()
    role = serializers.ChoiceField(choices=Role.choices, default=Role.MEMBER)


class AcceptSerializer(serializers.Serializer[Any]):
    """What accepting takes; the password and the name are for those without an account, and else ignored."""

    token = TextField(max_length=256)
    password = TextField(max_length=256, trim_whitespace=False, required=False)
    full_name = TextField(max_length=150, required=False)


class AcceptAsNewUserSerializer(AcceptSerializer):
    """What it takes of somebody without an account; their address is the one that the invitation was sent to."""

    password = TextField(max_length=256, trim_whitespace=False)
    full_name = TextField(max_length=150)


def present_organization(organization: Organization, *, role: str) -> dict[str, Any]:
    """An organization as somebody with a role in it sees it."""
    return {
        "id": organization.pk,
        "name": organization.name,
        "slug": organization.slug,
        "plan": organization.plan,
        "status": organization.status,
        "role": role,
        "created_at": organization.created_at,
    }


def present_own_organization(membership: Membership) -> dict[str, Any]:
    """An organization as one of its members sees it."""
    return present_organization(membership.organization, role=membership.role)


def present_members(memberships: Sequence[Membership]) -> list[dict[str, Any]]:
    """Who is in an organization."""
    return [
        {
            "id": membership.pk,
            "organization_id": membership.organization_id,
            "user_id": membership.user_id,
            "email": membership.user.email,
            "full_name": membership.user.full_name,
            "role": membership.role,
            "created_at": membership.created_at,
        }
        for membership in memberships
    ]


def present_joined(membership: Membership) -> dict[str, Any]:
    """The place of somebody who just joined."""
    return present_members([membership])[0] | {"organization_name": membership.organization.name}


def present_invitations(invitations: Sequence[Invitation], *, now: datetime) -> list[dict[str, Any]]:
    """Invitations; never their tokens, which are in the mails alone."""
    return [
        {
            "id": invitation.pk,
            "organization_id": invitation.organization_id,
            "email": invitation.email,
            "role": invitation.role,
            "status": invitation.status_at(now),
            "invited_by": invitation.invited_by_id,
            "created_at": invitation.created_at,
            "expires_at": invitation.expires_at,
        }
        for invitation in invitations
    ]
