"""Endpoints of an organization's members."""

from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request

from accounts import answers
from accounts.filters import MemberQuery
from accounts.models import Membership
from accounts.serializers import organizations as shapes
from accounts.services.members import (
    LastOwner,
    MemberNotFound,
    change_role,
    leave_organization,
    remove_member,
    transfer_ownership,
)
from accounts.tenancy import OrganizationByPathView
from coditect.api.credentials import LOGIN_ONLY, Scopes
from coditect.api.results import Deleted, Listing
from coditect.api.schema.description import Answer, Nothing, PageOf, describe
from coditect.errors import Forbidden

TAG = "Organizations"
SOME_ID = "6f9619ff-8b86-4011-b42d-00cf4fc964ff"


class MemberListView(OrganizationByPathView):
    """Who is in an organization."""

    scopes: ClassVar[Scopes] = {"get": "read:org"}

    @describe(
        "list_members",
        "List members",
        tag=TAG,
        query=MemberQuery,
        answers=[PageOf("members", answers.MemberBody)],
    )
    def get(self, request: Request, organization_id: UUID) -> Listing:
        """List them."""
        query = MemberQuery(request)
        rows = query.apply(Membership.objects.for_organization(self.membership.organization))
        return Listing(key="members", rows=rows, sort=query.sort, present=shapes.present_members)


class MemberView(OrganizationByPathView):
    """One member."""

    scopes: ClassVar[Scopes] = {"patch": "admin:org", "delete": "admin:org"}

    @describe(
        "change_member",
        "Change a member's role",
        tag=TAG,
        request=shapes.RoleSerializer,
        answers=[Answer(answers.MemberBody)],
        errors=[Forbidden, MemberNotFound, LastOwner],
        example={"role": "admin"},
    )
    def patch(self, request: Request, organization_id: UUID, member_id: UUID) -> dict[str, Any]:
        """Give them another role."""
        by = self.administrator
        member = change_role(by=by, member_id=member_id, now=timezone.now(), **self.read(shapes.RoleSerializer))
        return shapes.present_members([member])[0]

    @describe(
        "remove_member",
        "Remove a member",
        tag=TAG,
        answers=[Nothing(answers.MessageBody)],
        errors=[Forbidden, MemberNotFound, LastOwner],
    )
    def delete(self, request: Request, organization_id: UUID, member_id: UUID) -> Deleted:
        """Put them out; their log-ins and their seats here end."""
        remove_member(by=self.administrator, member_id=member_id, now=timezone.now())
        return Deleted({"message": "Member removed."})


class TransferOwnershipView(OrganizationByPathView):
    """Hand an organization over."""

    scopes: ClassVar[Scopes] = {"post": LOGIN_ONLY}

    @describe(
        "transfer_ownership",
        "Hand an organization over",
        tag=TAG,
        request=shapes.MemberSerializer,
        answers=[Answer(answers.OrganizationBody)],
        errors=[Forbidden, MemberNotFound],
        example={"member_id": SOME_ID},
    )
    def post(self, request: Request, organization_id: UUID) -> dict[str, Any]:
        """Make a member owner, and the caller an admin."""
        by = self.owner
        membership = transfer_ownership(by=by, now=timezone.now(), **self.read(shapes.MemberSerializer))
        return shapes.present_own_organization(membership)


class LeaveView(OrganizationByPathView):
    """Go."""

    scopes: ClassVar[Scopes] = {"post": LOGIN_ONLY}

    @describe(
        "leave_organization",
        "Leave an organization",
        tag=TAG,
        answers=[Nothing(answers.MessageBody)],
        errors=[LastOwner],
    )
    def post(self, request: Request, organization_id: UUID) -> Deleted:
        """End the caller's membership, and their seats here."""
        leave_organization(membership=self.membership, now=timezone.now())
        return Deleted({"message": "You have left the organization."})
