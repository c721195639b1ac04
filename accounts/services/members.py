"""Who is in an organization, and as what. Every change first locks the organization: there is always an owner."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import Invitation, Membership, Organization, Role, User
from accounts.services.api_tokens import revoke_api_tokens
from accounts.services.logins import end_login_sessions
from accounts.services.organizations import as_locked, lock_organization, record_joining
from coditect.errors import Conflict, Forbidden, InvalidInput, NotFound
from coditect.journal.services import record_event


class MemberNotFound(NotFound):
    """Nobody of this organization has this id."""

    code = "member_not_found"
    message = "Member not found."


class AlreadyMember(Conflict):
    """This person is in the organization."""

    code = "already_member"
    message = "This person is a member of the organization already."


class LastOwner(Conflict):
    """Without this owner the organization would have none."""

    code = "last_owner"
    message = "The organization needs an owner. Make somebody else one first."


@transaction.atomic
def change_role(*, by: Membership, member_id: UUID, role: str, now: datetime) -> Membership:
    """Give a member another role, as owners may, and admins among those who are not owners.

    Raises OrganizationNotFound, Forbidden, MemberNotFound, LastOwner.
    """
    member = _within_reach(by, member_id, role=role)
    return _set_role(member, role, now=now)


@transaction.atomic
def add_member(*, organization_id: UUID, user: User, role: str, now: datetime) -> Membership:
    """Put a user into an organization, for the staff of the service. Raises OrganizationNotFound, AlreadyMember."""
    organization = lock_organization(organization_id)
    if Membership.objects.for_organization(organization).filter(user=user).exists():
        raise AlreadyMember
    member = Membership.objects.create(organization=organization, user=user, role=role, created_at=now)
    record_joining(member, at=now)
    return member


@transaction.atomic
def assign_role(*, member: Membership, role: str, now: datetime) -> Membership:
    """Give a member another role, for the staff of the service. Raises OrganizationNotFound, LastOwner."""
    return _set_role(_find(lock_organization(member.organization_id), member.pk), role, now=now)


@transaction.atomic
def remove_member(*, by: Membership, member_id: UUID, now: datetime) -> None:
    """Put a member out and end their log-ins, as owners may, and admins with those who are not owners.

    Raises OrganizationNotFound, Forbidden, MemberNotFound, LastOwner.
    """
    _expel(_within_reach(by, member_id), now=now)


@transaction.atomic
def expel_member(*, member: Membership, now: datetime) -> None:
    """Put a member out, for the staff of the service. Raises OrganizationNotFound, LastOwner."""
    _expel(_find(lock_organization(member.organization_id), member.pk), now=now)


@transaction.atomic
def leave_organization(*, membership: Membership, now: datetime) -> None:
    """Go. Raises OrganizationNotFound, LastOwner."""
    _end(as_locked(membership), now=now)


@transaction.atomic
def transfer_ownership(*, by: Membership, member_id: UUID, now: datetime) -> Membership:
    """Make another member owner and the caller an admin; returns the caller's new place.

    Raises OrganizationNotFound, Forbidden, MemberNotFound, and InvalidInput where nothing would be transferred.
    """
    by = as_locked(by)
    if not by.owns:
        raise Forbidden
    successor = _find(by.organization, member_id)
    if successor.pk == by.pk or not successor.user.is_active:
        raise InvalidInput("member_id", "Ownership goes to another member who can log in.")
    _set_role(successor, Role.OWNER, now=now)
    return _set_role(by, Role.ADMIN, now=now)


def is_last_owner(member: Membership) -> bool:
    """Whether nobody else who can log in owns the organization."""
    owners = Membership.objects.for_organization(member.organization).filter(role=Role.OWNER, user__is_active=True)
    return member.owns and not owners.exclude(pk=member.pk).exists()


def _within_reach(by: Membership, member_id: UUID, *, role: str | None = None) -> Membership:
    """The member to change, where the caller may: admins neither touch owners nor make them."""
    by = as_locked(by)
    if not by.administers:
        raise Forbidden
    member = _find(by.organization, member_id)
    if not by.may_grant(member.role) or not by.may_grant(role or member.role):
        raise Forbidden
    return member


def _find(organization: Organization, member_id: UUID) -> Membership:
    member = Membership.objects.for_organization(organization).filter(pk=member_id).first()
    if member is None:
        raise MemberNotFound
    return member


def _set_role(member: Membership, role: str, *, now: datetime) -> Membership:
    old = member.role
    if role == old:
        return member
    if is_last_owner(member):
        raise LastOwner
    member.role = role
    member.save(update_fields=["role"])
    if not member.administers:
        _revoke_invitations_by(member, now=now)
    roles = {"old_role": old, "new_role": role}
    _record("member.role_changed", member, at=now, **roles)
    if not member.may_hold_seats:
        _record("member.demoted", member, at=now, **roles)
    return member


def _expel(member: Membership, *, now: datetime) -> None:
    _end(member, now=now)
    end_login_sessions(user=member.user, now=now)


def _end(member: Membership, *, now: datetime) -> None:
    if is_last_owner(member):
        raise LastOwner
    _revoke_invitations_by(member, now=now)
    revoke_api_tokens(user=member.user, organization_id=member.organization_id, now=now)
    _record("member.removed", member, at=now, role=member.role)
    Membership.objects.for_organization(member.organization).filter(pk=member.pk).delete()


def _revoke_invitations_by(member: Membership, *, now: datetime) -> None:
    """What somebody offered as an administrator ends with that right: else they could let themselves in again."""
    offered = Invitation.objects.for_organization(member.organization).filter(invited_by=member.user)
    offered.unanswered().update(revoked_at=now)


def _record(event_type: str, member: Membership, *, at: datetime, **data: Any) -> None:
    ids = {"member_id": member.pk, "user_id": member.user_id, "organization_id": member.organization_id}
    record_event(
        event_type,
        member,
        at=at,
        organization_id=member.organization_id,
        data={name: str(value) for name, value in ids.items()} | data,
    )
