"""From a user to the one organization that a request acts on."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar, cast
from uuid import UUID

from rest_framework.request import Request

from accounts.models import Membership, User
from accounts.services.organizations import OrganizationNotFound, membership_of
from coditect.api.credentials import scoped_credential
from coditect.api.views import ApiView
from coditect.errors import DomainError, Forbidden


class OrganizationView(ApiView):
    """An endpoint that acts on one organization: the one in X-Organization-Id, else the user's first."""

    errors: ClassVar[Sequence[type[DomainError]]] = (OrganizationNotFound,)
    request_headers: ClassVar[dict[str, dict[str, Any]]] = {
        "X-Organization-Id": {
            "description": "The organization to act on; else the caller's first.",
            "schema": {"type": "string", "format": "uuid"},
        }
    }

    @cached_property
    def membership(self) -> Membership:
        """The caller's place in that organization. Raises OrganizationNotFound."""
        return membership_for(self.request, organization_id=requested_organization(self.request))

    @property
    def administrator(self) -> Membership:
        """The same, for what only admins and owners may do. Raises OrganizationNotFound, Forbidden."""
        if not self.membership.administers:
            raise Forbidden
        return self.membership

    @property
    def owner(self) -> Membership:
        """The same, for what only owners may do. Raises OrganizationNotFound, Forbidden."""
        if not self.membership.owns:
            raise Forbidden
        return self.membership


class OrganizationByPathView(OrganizationView):
    """An endpoint below orgs/{id}: it acts on the organization in the path, whatever the header says."""

    request_headers: ClassVar[dict[str, dict[str, Any]]] = {}

    @cached_property
    def membership(self) -> Membership:
        """The caller's place in that organization. Raises OrganizationNotFound."""
        return membership_for(self.request, organization_id=self.kwargs["organization_id"])


def membership_for(request: Request, *, organization_id: UUID | None) -> Membership:
    """The caller's place in an organization, by default in their first; an API token reaches only its own.

    Raises OrganizationNotFound.
    """
    token = scoped_credential(request)
    if token is not None:
        if organization_id not in {None, token.organization_id}:
            raise OrganizationNotFound
        organization_id = token.organization_id
    return membership_of(cast("User", request.user), organization_id=organization_id)


def requested_organization(request: Request) -> UUID | None:
    """The id in X-Organization-Id. Raises OrganizationNotFound for what is not an id."""
    text = request.META.get("HTTP_X_ORGANIZATION_ID")
    if text is None:
        return None
    try:
        return UUID(text)
    except ValueError as error:
        raise OrganizationNotFound from error
