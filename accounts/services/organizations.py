"""Organizations, and a user's place in them."""

import secrets
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.text import slugify

from accounts.events import JoinedData
from accounts.models import Invitation, Membership, Organization, Role, User
from coditect.errors import Forbidden, NotFound
from coditect.journal.services import record_event


class OrganizationNotFound(NotFound):
    """No such organization, or none that this user is in."""

    code = "organization_not_found"
    message = "Organization not found."


@transaction.atomic
def create_organization(*, name: str, now: datetime) -> Organization:
    """Make an organization; licensing gives it a free license by receiving `organization.created`."""
    slug = f"{slugify(name)[:60] or 'organization'}-{secrets.token_hex(4)}"
    organization = Organization.objects.create(name=name, slug=slug, created_at=now)
    record_event("organization.created", organization, at=now, organization_id=organization.pk)
    return organization


@transaction.atomic
def found_organization(*, user: User, name: str, now: datetime) -> Membership:
    """Make an organization that a user owns."""
    organization = create_organization(name=name, now=now)
    owner = Membership.objects.create(organization=organization, user=user, role=Role.OWNER, created_at=now)
    record_joining(owner, at=now)
    return owner


def record_joining(member: Membership, *, at: datetime, invitation: Invitation | None = None) -> None:
    """Write down that somebody is a member from now on, and by which invitation.

    Not their address: it is looked up when the event is told, so that they can have it forgotten.
    """
    data = JoinedData(
        member_id=str(member.pk),
        user_id=str(member.user_id),
        organization_id=str(member.organization_id),
        role=member.role,
        invitation_id=str(invitation.pk) if invitation else None,
    )
    record_event("member.joined", member, at=at, organization_id=member.organization_id, data=data)


def membership_of(user: User, *, organization_id: UUID | None) -> Membership:
    """The user's place in an organization, by default in their first. Raises OrganizationNotFound."""
    memberships = Membership.objects.for_user(user)
    if organization_id is not None:
        memberships = memberships.filter(organization_id=organization_id)
    membership = memberships.first()
    if membership is None:
        raise OrganizationNotFound
    return membership


@transaction.atomic
def update_organization(*, by: Membership, changes: dict[str, str], now: datetime) -> Membership:
    """Rename the organization, where `changes` has a `name`. Raises OrganizationNotFound, Forbidden."""
    by = as_locked(by)
    if not by.administers:
        raise Forbidden
    rename_organization(organization_id=by.organization_id, name=changes.get("name", by.organization.name), now=now)
    by.organization.refresh_from_db()
    return by


@transaction.atomic
def rename_organization(*, organization_id: UUID, name: str, now: datetime) -> None:
    """Give an organization another name; the slug stays, since links may hold it. Raises OrganizationNotFound."""
    organization = lock_organization(organization_id)
    if organization.name == name:
        return
    old, organization.name = organization.name, name
    organization.save(update_fields=["name"])
    record_event(
        "organization.updated",
        organization,
        at=now,
        organization_id=organization.pk,
        data={"name": name, "old_name": old},
    )


@transaction.atomic
def delete_organization(*, by: Membership, now: datetime) -> None:
    """Delete the organization, as its owner may.

    Raises OrganizationNotFound, Forbidden, and what a receiver of `organization.deleting` raises against it.
    """
    by = as_locked(by)
    if not by.owns:
        raise Forbidden
    close_organization(organization_id=by.organization_id, now=now)


@transaction.atomic
def close_organization(*, organization_id: UUID, now: datetime) -> None:
    """Delete an organization softly: its record stays, its members find it no more, its invitations are void.

    Raises OrganizationNotFound, and what a receiver of `organization.deleting` raises against it.
    """
    organization = lock_organization(organization_id)
    record_event("organization.deleting", organization, at=now, organization_id=organization.pk)
    Invitation.objects.for_organization(organization).unanswered().update(revoked_at=now)
    organization.status = Organization.Status.DELETED
    organization.save(update_fields=["status"])
    record_event("organization.deleted", organization, at=now, organization_id=organization.pk)


def lock_organization(organization_id: UUID) -> Organization:
    """An organization under its row lock, so that its members change one at a time. Raises OrganizationNotFound."""
    # tenancy: for a membership in hand, for an invitation's token, or for the staff of the service
    organization = Organization.objects.active().locked().filter(pk=organization_id).first()
    if organization is None:
        raise OrganizationNotFound
    return organization


def as_locked(membership: Membership) -> Membership:
    """A caller's place as it is now that the organization is locked: it may have changed since the request began.

    Raises OrganizationNotFound.
    """
    lock_organization(membership.organization_id)
    return membership_of(membership.user, organization_id=membership.organization_id)
