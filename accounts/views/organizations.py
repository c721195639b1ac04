"""Endpoints of organizations."""

from collections.abc import Sequence
from typing import Any, ClassVar, cast
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request

from accounts import answers
from accounts.filters import OrganizationQuery
from accounts.models import Organization, User
from accounts.serializers import organizations as shapes
from accounts.services.organizations import delete_organization, found_organization, update_organization
from accounts.tenancy import OrganizationByPathView
from coditect.api.credentials import LOGIN_ONLY, Scopes, scoped_credential
from coditect.api.results import Created, Deleted, Listing
from coditect.api.schema.description import Answer, Nothing, PageOf, created, describe
from coditect.api.views import ApiView
from coditect.errors import Conflict, Forbidden

TAG = "Organizations"


class OrganizationListView(ApiView):
    """The caller's organizations."""

    scopes: ClassVar[Scopes] = {"get": "read:org", "post": LOGIN_ONLY}

    @describe(
        "list_organizations",
        "List your organizations",
        tag=TAG,
        query=OrganizationQuery,
        answers=[PageOf("organizations", answers.OrganizationBody)],
    )
    def get(self, request: Request) -> Listing:
        """List them."""
        query = OrganizationQuery(request)
        own, token = Organization.objects.for_user(cast("User", request.user)), scoped_credential(request)
        rows = query.apply(own.filter(pk=token.organization_id) if token else own)
        return Listing(key="organizations", rows=rows, sort=query.sort, present=present_each)

    @describe(
        "create_organization",
        "Make an organization",
        tag=TAG,
        request=shapes.OrganizationSerializer,
        answers=[created(answers.OrganizationBody)],
        example={"name": "Analytical Engines"},
    )
    def post(self, request: Request) -> Created:
        """Make one that the caller owns, with a free license."""
        user = cast("User", request.user)
        wanted = self.read(shapes.OrganizationSerializer)
        membership = found_organization(user=user, now=timezone.now(), **wanted)
        return Created(shapes.present_own_organization(membership))


class OrganizationView(OrganizationByPathView):
    """One organization."""

    scopes: ClassVar[Scopes] = {"get": "read:org", "patch": "admin:org", "delete": LOGIN_ONLY}

    @describe("get_organization", "Show an organization", tag=TAG, answers=[Answer(answers.OrganizationBody)])
    def get(self, request: Request, organization_id: UUID) -> dict[str, Any]:
        """Show it."""
        return shapes.present_own_organization(self.membership)

    @describe(
        "change_organization",
        "Rename an organization",
        tag=TAG,
        request=shapes.OrganizationChangesSerializer,
        answers=[Answer(answers.OrganizationBody)],
        errors=[Forbidden],
        example={"name": "Difference Engines"},
    )
    def patch(self, request: Request, organization_id: UUID) -> dict[str, Any]:
        """Rename it; whatever else is sent is ignored."""
        by = self.administrator
        changes = self.read(shapes.OrganizationChangesSerializer)
        return shapes.present_own_organization(update_organization(by=by, changes=changes, now=timezone.now()))

    @describe(
        "delete_organization",
        "Delete an organization",
        tag=TAG,
        answers=[Nothing(answers.MessageBody)],
        errors=[Forbidden, Conflict],
    )
    def delete(self, request: Request, organization_id: UUID) -> Deleted:
        """Delete it; its members lose it at once."""
        delete_organization(by=self.owner, now=timezone.now())
        return Deleted({"message": "Organization deleted."})


def present_each(organizations: Sequence[Any]) -> list[dict[str, Any]]:
    """A page of organizations, each with the caller's role."""
    return [shapes.present_organization(organization, role=organization.role) for organization in organizations]
