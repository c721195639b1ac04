"""Who acts in the tables, and what there is to act on; things are made when a case asks for them."""

import copy
import secrets
import time
from dataclasses import dataclass, field, replace
from itertools import repeat
from uuid import UUID

from django.utils import timezone

from accounts import tokens
from accounts.models import Invitation, LoginSession, Membership, Role, User
from accounts.services.invitations import invite_member
from coditect.api.client import LOOPBACK
from coditect.local.fake_stripe.fake import FakeStripe
from licenses.models import License
from licenses.services.acquire import acquire_seat
from licenses.services.batches import create_batch
from licenses.signing import current_signer
from tests.factories import Person, log_in, make_license, make_person, make_user

OUTSIDER, ANONYMOUS = "outsider", "anonymous"
# Of the service, in no organization; acts only where an operation is for them.
STAFF = "staff"
ROLES = tuple(Role.values)
ACTORS = (*ROLES, OUTSIDER, ANONYMOUS)


@dataclass
class World:
    """An organization with a member of each role, and the owner of another one."""

    people: dict[str, Person] = field(init=False)
    license: License = field(init=False)
    login_session_ids: dict[str, UUID] = field(init=False)
    # What it did is not undone after a case; but whoever had it done is somebody new to it in the next.
    # Its time stands still, so that all pay the same.
    fake: FakeStripe = field(default_factory=lambda: FakeStripe(clock=repeat(time.time()).__next__))

    def __post_init__(self) -> None:
        owner = make_person(Role.OWNER)
        colleagues = {role: make_person(role, organization=owner.organization) for role in ROLES if role != Role.OWNER}
        self.people = {Role.OWNER: owner, **colleagues, OUTSIDER: make_person(Role.OWNER)}
        staff = make_user(is_staff=True)
        self.people[STAFF] = Person(Membership(organization=owner.organization, user=staff), log_in(staff))
        self.login_session_ids = {
            actor: tokens.read_access_token(person.token).login_session_id for actor, person in self.people.items()
        }
        self.license = make_license(owner.organization, seats=50)
        # Made when it is first needed, which would look as if a request had planted it.
        current_signer(now=timezone.now())
        self.foreign_license = make_license(self.outsider.organization, seats=50)

    def again(self) -> "World":
        """The same as it was made, for a test that changes it; with new access tokens, which soon expire."""
        world, logins = copy.deepcopy(self, {id(self.fake): self.fake}), self.login_session_ids
        world.people = {
            actor: replace(
                person, token=tokens.new_access_token(user_id=person.user_id, login_session_id=logins[actor])
            )
            for actor, person in world.people.items()
        }
        return world

    @property
    def owner(self) -> Person:
        """The owner of the organization."""
        return self.people[Role.OWNER]

    @property
    def outsider(self) -> Person:
        """The owner of another organization."""
        return self.people[OUTSIDER]

    def license_of(self, person: Person) -> License:
        """A license of the person's organization."""
        return self.foreign_license if person is self.outsider else self.license

    def seat_of(self, person: Person) -> UUID:
        """A new seat session of the person; of the owner for those who cannot hold one."""
        holder = person if person.membership.may_hold_seats else self.owner
        held = acquire_seat(
            membership=holder.membership,
            license_key=self.license_of(holder).key_string,
            hardware_id=secrets.token_hex(8),
            ip_address=LOOPBACK,
        )
        return held.session.pk

    def batch_of(self, person: Person) -> UUID:
        """A batch of the person's organization."""
        organization, ids = person.organization, [self.license_of(person).pk]
        return create_batch(organization=organization, operation="validate", ids=ids, now=timezone.now()).pk

    def login_session_of(self, person: Person) -> UUID:
        """Another log-in of the person."""
        log_in(person.membership.user)
        newest = person.membership.user.login_sessions.latest("created_at")
        return newest.pk

    def owner_beside(self, person: Person) -> Person:
        """The owner of the person's organization."""
        return self.outsider if person is self.outsider else self.owner

    def invitation_by(self, host: Person, *, email: str) -> Invitation:
        """An invitation into the host's organization."""
        User.objects.filter(pk=host.user_id).update(email_verified_at=timezone.now())
        by = Membership.objects.get(pk=host.membership.pk)
        return invite_member(by=by, email=email, role=Role.MEMBER, now=timezone.now())

    def refresh_token_of(self, person: Person) -> str:
        """The refresh token of another log-in of the person."""
        return new_refresh_token(person.membership)


def new_refresh_token(membership: Membership) -> str:
    """A refresh token of a new log-in."""
    refresh = tokens.new_refresh_token(user_id=membership.user_id)
    now = timezone.now()
    LoginSession.objects.create(
        id=refresh.login_session_id,
        user_id=membership.user_id,
        refresh_jti_hash=refresh.jti_hash,
        created_at=now,
        last_used_at=now,
        expires_at=refresh.expires_at,
    )
    return refresh.text
