"""How members come and go."""

from accounts.models import Invitation, Role, User
from accounts.services import invitations, members, organizations
from coditect.journal.models import Mail
from tests.factories import PASSWORD, make_user
from tests.public_events.scene import Scene, case

INVITATIONS, MEMBERS = invitations.__name__, members.__name__
ADDRESS = "ada@example.com"


@case("member.invited", f"{INVITATIONS}.invite_member")
def _invite(scene: Scene) -> Invitation:
    User.objects.filter(pk=scene.owner.user_id).update(email_verified_at=scene.now)
    by = scene.owner.membership
    return invitations.invite_member(by=by, email=ADDRESS, role=Role.MEMBER, now=scene.now)


def _token(scene: Scene) -> str:
    _invite(scene)
    letter = invitations.compose_invitation(Mail.objects.get(to=ADDRESS), scene.now)
    assert letter
    return letter["token"]


@case("member.joined", f"{INVITATIONS}.accept_invitation")
def _accept(scene: Scene) -> None:
    token = _token(scene)
    invitations.accept_invitation(user=make_user(ADDRESS), token=token, now=scene.now)


@case("member.joined", f"{INVITATIONS}.accept_as_new_user")
def _sign_up(scene: Scene) -> None:
    token = _token(scene)
    invitations.accept_as_new_user(token=token, password=PASSWORD, full_name="Ada", now=scene.now)


@case("member.joined", f"{MEMBERS}.add_member")
def _add(scene: Scene) -> None:
    organization_id = scene.owner.organization.pk
    members.add_member(organization_id=organization_id, user=make_user(), role=Role.ADMIN, now=scene.now)


@case("member.joined", f"{organizations.__name__}.found_organization")
def _found(scene: Scene) -> None:
    organizations.found_organization(user=make_user(), name="New Inc", now=scene.now)


@case("member.removed", f"{MEMBERS}.remove_member")
def _remove(scene: Scene) -> None:
    members.remove_member(by=scene.owner.membership, member_id=scene.member().pk, now=scene.now)


@case("member.removed", f"{MEMBERS}.expel_member")
def _expel(scene: Scene) -> None:
    members.expel_member(member=scene.member(), now=scene.now)


@case("member.removed", f"{MEMBERS}.leave_organization")
def _leave(scene: Scene) -> None:
    members.leave_organization(membership=scene.member(), now=scene.now)
