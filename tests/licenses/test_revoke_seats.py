"""Seats of those who may not hold them any more: deactivated, removed, demoted."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from accounts.models import Membership, Role, User
from accounts.services.deactivate import deactivate_user, reactivate_user
from accounts.services.members import change_role, expel_member, leave_organization, remove_member
from coditect.journal.models import Event
from licenses.models import License, SeatSession
from licenses.services.acquire import SeatsForbidden, acquire_seat
from licenses.services.revoke import revoke_seats_of
from tests.api.shapes import assert_problem
from tests.dialects import Api
from tests.factories import Person, make_license, make_membership, make_organization, make_person
from tests.licenses.outage import redis_away
from tests.licenses.seats import acquire, beat

Ending = Callable[[Person, Person], None]


def deactivated(_: Person, person: Person) -> None:
    """The user is shut out."""
    deactivate_user(user=person.membership.user, now=timezone.now())


def removed(owner: Person, person: Person) -> None:
    """An owner puts the member out."""
    remove_member(by=owner.membership, member_id=person.membership.pk, now=timezone.now())


def expelled(_: Person, person: Person) -> None:
    """The staff of the service puts the member out."""
    expel_member(member=person.membership, now=timezone.now())


def left(_: Person, person: Person) -> None:
    """The member goes."""
    leave_organization(membership=person.membership, now=timezone.now())


def demoted(owner: Person, person: Person) -> None:
    """The member only looks on from now on."""
    change_role(by=owner.membership, member_id=person.membership.pk, role=Role.VIEWER, now=timezone.now())


ENDINGS: list[Ending] = [deactivated, removed, expelled, left, demoted]
every_ending = pytest.mark.parametrize("end", ENDINGS, ids=lambda end: end.__name__)


@pytest.fixture
def member(owner: Person) -> Person:
    """A member of the owner's organization."""
    return make_person(Role.MEMBER, organization=owner.organization)


class TestSeatsOfTheDeparted:
    @every_ending
    def test_end_at_once(self, api: Api, owner: Person, member: Person, license: License, end: Ending) -> None:
        session_id = acquire(api, member, license).data["session_id"]
        end(owner, member)
        assert_problem(beat(api, member, session_id), 404, "seat_revoked")
        session = SeatSession.objects.get(pk=session_id)
        assert (session.status, Event.objects.filter(type="license.seat.revoked").count()) == ("revoked", 1)

    @every_ending
    def test_are_free_for_others(self, api: Api, owner: Person, member: Person, license: License, end: Ending) -> None:
        for machine in ("machine-1", "machine-2"):
            acquire(api, member, license, machine)
        assert_problem(acquire(api, owner, license), 409, "no_seats_available")
        end(owner, member)
        assert acquire(api, owner, license).data["seats_remaining"] == 1

    @every_ending
    def test_end_without_redis_too(
        self, api: Api, owner: Person, member: Person, license: License, end: Ending
    ) -> None:
        session_id = acquire(api, member, license).data["session_id"]
        with redis_away():
            end(owner, member)
            assert_problem(beat(api, member, session_id), 404, "seat_revoked")

    @every_ending
    def test_leave_those_of_others_alone(
        self, api: Api, owner: Person, member: Person, license: License, end: Ending
    ) -> None:
        session_id = acquire(api, owner, license).data["session_id"]
        acquire(api, member, license, "machine-2")
        end(owner, member)
        assert beat(api, owner, session_id).status == 200

    @pytest.mark.parametrize("end", [removed, expelled, left, demoted], ids=lambda end: end.__name__)
    def test_live_on_in_other_organizations(
        self, api: Api, owner: Person, member: Person, license: License, end: Ending
    ) -> None:
        elsewhere = make_membership(Role.MEMBER, user=member.membership.user, organization=make_organization())
        other_license = make_license(elsewhere.organization)
        client = api.with_headers(x_organization_id=str(elsewhere.organization_id))
        kept = acquire(client, member, other_license).data["session_id"]
        acquire(api, member, license)
        end(owner, member)
        assert beat(api, member, kept).status == 200

    def test_end_in_every_organization_of_the_deactivated(
        self, api: Api, owner: Person, member: Person, license: License
    ) -> None:
        elsewhere = make_membership(Role.MEMBER, user=member.membership.user, organization=make_organization())
        client = api.with_headers(x_organization_id=str(elsewhere.organization_id))
        ids = [
            acquire(api, member, license).data["session_id"],
            acquire(client, member, make_license(elsewhere.organization)).data["session_id"],
        ]
        deactivated(owner, member)
        for session_id in ids:
            assert_problem(beat(api, member, session_id), 404, "seat_revoked")

    def test_stay_ended_when_the_user_comes_back(self, api: Api, member: Person, license: License) -> None:
        session_id = acquire(api, member, license).data["session_id"]
        deactivate_user(user=member.membership.user, now=timezone.now())
        reactivate_user(user=member.membership.user, now=timezone.now())
        assert_problem(beat(api, member, session_id), 404, "seat_revoked")
        assert_problem(api.as_bearer(member.token).get("me"), 401, "token_revoked")

    def test_are_ended_once(self, api: Api, member: Person, license: License) -> None:
        acquire(api, member, license)
        for expected in (1, 0):
            assert revoke_seats_of(user_id=member.user_id, organization_id=None) == expected
        assert Event.objects.filter(type="license.seat.revoked").count() == 1


class TestLateAcquire:
    """An acquire that was let in before its user was put out, and got the license lock after."""

    @pytest.mark.parametrize("change", ["removed", "demoted", "deactivated"])
    def test_finds_the_door_shut(self, member: Person, license: License, change: str) -> None:
        let_in = Membership.objects.select_related("user", "organization").get(pk=member.membership.pk)
        if change == "removed":
            Membership.objects.filter(pk=let_in.pk).delete()
        elif change == "demoted":
            Membership.objects.filter(pk=let_in.pk).update(role=Role.VIEWER)
        else:
            User.objects.filter(pk=member.user_id).update(is_active=False)
        with pytest.raises(SeatsForbidden):
            acquire_seat(
                membership=let_in, license_key=license.key_string, hardware_id="machine-1", ip_address="127.0.0.1"
            )
        assert not SeatSession.objects.exists()


class TestDeactivation:
    def test_is_recorded_once(self, owner: Person) -> None:
        for _ in range(2):
            deactivate_user(user=owner.membership.user, now=timezone.now())
        assert Event.objects.filter(type="user.deactivated").count() == 1
        for _ in range(2):
            reactivate_user(user=owner.membership.user, now=timezone.now())
        assert Event.objects.filter(type="user.reactivated").count() == 1
