"""Organizations, and a user's place in them."""

import secrets
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.text import slugify

from accounts.models import Membership, Organization, User
from coditect.errors import NotFound
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


def membership_of(user: User, *, organization_id: UUID | None) -> Membership:
    """The user's place in an organization, by default in their first. Raises OrganizationNotFound."""
    memberships = Membership.objects.current().filter(user=user)
    if organization_id is not None:
        memberships = memberships.filter(organization_id=organization_id)
    membership = memberships.first()
    if membership is None:
        raise OrganizationNotFound
    return membership
