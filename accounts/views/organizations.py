"""Endpoints of organizations, their members, and invitations."""

from collections.abc import Sequence
from typing import Any, ClassVar, cast
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request

from accounts import answers
from accounts.authentication import AccessTokenAuthentication
from accounts.filters import InvitationQuery, MemberQuery, OrganizationQuery
from accounts.models import Invitation, Membership, Organization, User
from accounts.serializers import organizations as shapes
from accounts.services.invitations import (
    EmailNotVerified,
    ForAnotherAddress,
    InvitationExpired,
    InvitationNotFound,
    InvitationRevoked,
    InvitationUsed,
    accept_as_new_user,
    accept_invitation,
    invite_member,
    revoke_invitation,
)
from accounts.services.members import (
    AlreadyMember,
    LastOwner,
    MemberNotFound,
    change_role,
    leave_organization,
    remove_member,
    transfer_ownership,
)
from accounts.services.organizations import delete_organization, found_organization, update_organization
from accounts.services.register import EmailTaken
from accounts.tenancy import OrganizationByPathView
from accounts.tokens import TokenExpired, TokenInvalid, TokenRevoked
from coditect.api.credentials import LOGIN_ONLY, Scopes, scoped_credential
from coditect.api.results import Created, Deleted, Listing
from coditect.api.schema.description import Answer, Nothing, PageOf, created, describe
from coditect.api.views import ApiView, PublicView
from coditect.errors import Conflict, Forbidden, Unauthenticated

TAG = "Organizations"
INVITATIONS = "Invitations"
SOME_ID = "6f9619ff-8b86-4011-b42d-00cf4fc964ff"


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
        rows, token = Organization.objects.for_user(cast("User", request.user)), scoped_credential(request)
        rows = query.apply(rows.filter(pk=token.organization_id) if token else rows)
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


class InvitationListView(OrganizationByPathView):
    """Invitations into an organization."""

    scopes: ClassVar[Scopes] = {"get": "admin:org", "post": "admin:org"}

    @describe(
        "list_invitations",
        "List invitations",
        tag=INVITATIONS,
        query=InvitationQuery,
        answers=[PageOf("invitations", answers.InvitationBody)],
        errors=[Forbidden],
    )
    def get(self, request: Request, organization_id: UUID) -> Listing:
        """List them, to administrators."""
        query, now = InvitationQuery(request), timezone.now()
        return Listing(
            key="invitations",
            rows=query.apply(Invitation.objects.for_organization(self.administrator.organization)),
            sort=query.sort,
            present=lambda rows: shapes.present_invitations(rows, now=now),
        )

    @describe(
        "invite_member",
        "Invite somebody",
        tag=INVITATIONS,
        request=shapes.InvitationSerializer,
        answers=[created(answers.InvitationBody)],
        errors=[Forbidden, EmailNotVerified, AlreadyMember],
        example={"email": "grace@example.com", "role": "member"},
    )
    def post(self, request: Request, organization_id: UUID) -> Created:
        """Send one by mail; an earlier one to the same address is replaced."""
        by, now = self.administrator, timezone.now()
        invitation = invite_member(by=by, now=now, **self.read(shapes.InvitationSerializer))
        return Created(shapes.present_invitations([invitation], now=now)[0])


class InvitationView(OrganizationByPathView):
    """One invitation."""

    scopes: ClassVar[Scopes] = {"delete": "admin:org"}

    @describe(
        "revoke_invitation",
        "Take an invitation back",
        tag=INVITATIONS,
        answers=[Nothing(answers.MessageBody)],
        errors=[Forbidden, InvitationNotFound, InvitationUsed, InvitationRevoked],
    )
    def delete(self, request: Request, organization_id: UUID, invitation_id: UUID) -> Deleted:
        """Take it back."""
        revoke_invitation(by=self.administrator, invitation_id=invitation_id, now=timezone.now())
        return Deleted({"message": "Invitation revoked."})


class AcceptInvitationView(PublicView):
    """Join an organization by the token from the mail."""

    @describe(
        "accept_invitation",
        "Accept an invitation",
        tag=INVITATIONS,
        request=shapes.AcceptSerializer,
        answers=[created(answers.JoinedBody)],
        errors=[
            Unauthenticated,
            TokenExpired,
            TokenInvalid,
            TokenRevoked,
            InvitationNotFound,
            InvitationExpired,
            InvitationRevoked,
            InvitationUsed,
            ForAnotherAddress,
            AlreadyMember,
            EmailTaken,
        ],
        example={"token": "s9nGk4…", "password": "Flowmatic1955!", "full_name": "Grace Hopper"},
    )
    def post(self, request: Request) -> Created:
        """Join as whoever is logged in; else, with a password and a name, as a new user."""
        user = self._signed_in(request)
        if user is None:
            joined = accept_as_new_user(now=timezone.now(), **self.read(shapes.AcceptAsNewUserSerializer))
        else:
            token = self.read(shapes.AcceptSerializer)["token"]
            joined = accept_invitation(user=user, token=token, now=timezone.now())
        return Created(shapes.present_joined(joined))

    def _signed_in(self, request: Request) -> User | None:
        """Whoever is logged in; whoever sends a password need not be. Raises Unauthenticated."""
        try:
            found = AccessTokenAuthentication().authenticate(request)
        except Unauthenticated:
            if "password" in self.body:
                return None
            raise
        if found is None and "password" not in self.body:
            raise Unauthenticated("Log in, or send a password and a full_name to sign up.")
        return found[0] if found else None


def present_each(organizations: Sequence[Any]) -> list[dict[str, Any]]:
    """A page of organizations, each with the caller's role."""
    return [shapes.present_organization(organization, role=organization.role) for organization in organizations]
