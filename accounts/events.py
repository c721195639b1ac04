"""What customers may be told of their members."""

from typing import Annotated, TypedDict

from coditect.journal.catalogue import Id, IdOrNone, Moment, PublicEvent

RoleName = Annotated[str, {"enum": ["owner", "admin", "member", "viewer"]}]
UserEmail = Annotated[str | None, "Their present address; null once they have deleted their account."]


class InvitedData(TypedDict):
    """An invitation; its token is in the mail alone."""

    invitation_id: Id
    organization_id: Id
    email: Annotated[str, "The address that the invitation was mailed to."]
    role: RoleName
    invited_by: Annotated[Id, "The user who offers the place."]
    expires_at: Annotated[Moment, "Until when it can be accepted."]


class MemberData(TypedDict):
    """A user's place in the organization."""

    member_id: Id
    user_id: Id
    organization_id: Id
    role: RoleName


class JoinedData(MemberData):
    """A new place."""

    invitation_id: Annotated[IdOrNone, "The invitation that was accepted; null for whoever came without one."]


class MemberPayload(MemberData):
    """A user's place, and their address."""

    user_email: UserEmail


class JoinedPayload(JoinedData):
    """A new place, and its user's address."""

    user_email: UserEmail


EVENTS = (
    PublicEvent(
        type="member.invited",
        summary="Somebody was invited by mail.",
        data=InvitedData,
        emitted_by=["accounts.services.invitations.invite_member"],
    ),
    PublicEvent(
        type="member.joined",
        summary="Somebody is a member from now on.",
        data=JoinedPayload,
        emitted_by=[
            "accounts.services.invitations.accept_invitation",
            "accounts.services.invitations.accept_as_new_user",
            "accounts.services.members.add_member",
            "accounts.services.organizations.found_organization",
        ],
    ),
    PublicEvent(
        type="member.removed",
        summary="Somebody is no member any more: put out, or gone. Their seats end with `license.seat.revoked`.",
        data=MemberPayload,
        emitted_by=[
            "accounts.services.members.remove_member",
            "accounts.services.members.expel_member",
            "accounts.services.members.leave_organization",
        ],
    ),
)
