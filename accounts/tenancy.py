"""From a user to the one organization that a request acts on."""

from functools import cached_property
from typing import cast
from uuid import UUID

from rest_framework.request import Request

from accounts.models import Membership, User
from accounts.services.organizations import OrganizationNotFound, membership_of
from coditect.api.views import ApiView


class OrganizationView(ApiView):
    """An endpoint that acts on one organization: the one in X-Organization-Id, else the user's first."""

    @cached_property
    def membership(self) -> Membership:
        """The caller's place in that organization. Raises OrganizationNotFound."""
        return membership_of(cast("User", self.request.user), organization_id=requested_organization(self.request))


def requested_organization(request: Request) -> UUID | None:
    """The id in X-Organization-Id. Raises OrganizationNotFound for what is not an id."""
    text = request.META.get("HTTP_X_ORGANIZATION_ID")
    if text is None:
        return None
    try:
        return UUID(text)
    except ValueError as error:
        raise OrganizationNotFound from error
