"""Endpoints of invitations."""

from typing import ClassVar
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request

from accounts import answers
from accounts.authentication import AccessTokenAuthentication
from accounts.filters import InvitationQuery
from accounts.models import Invitation, User
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
from accounts.services.members import AlreadyMember
from accounts.services.register import EmailTaken
from accounts.tenancy import OrganizationByPathView
from accounts.tokens import TokenExpired, TokenInvalid, TokenRevoked
from coditect.api.credentials import Scopes
from coditect.api.results import Created, Deleted, Listing
from coditect.api.schema.description import Nothing, PageOf, created, describe
from coditect.api.views import PublicView
from coditect.errors import Forbidden, Unauthenticated

TAG = "Invitations"


class InvitationListView(OrganizationByPathView):
    """Invitations into an organization."""

    scopes: ClassVar[Scopes] = {"get": "admin:org", "post": "admin:org"}

    @describe(
        "list_invitations",
        "List invitations",
        tag=TAG,
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
        tag=TAG,
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
        tag=TAG,
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
        tag=TAG,
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

    def key_owner(self, request: Request) -> str:
        """The user's, where one is logged in."""
        user = self._signed_in(request)
        return f"user:{user.pk}" if user else super().key_owner(request)

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
