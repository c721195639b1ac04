"""Explanations name the right cause, and never say other than what an acquire then does."""

from collections.abc import Callable
from contextlib import nullcontext, suppress
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from accounts.models import Membership, Role, User
from accounts.services.organizations import close_organization
from coditect import redis
from coditect.errors import DomainError
from coditect.journal.models import Event
from licenses.models import License, SeatSession
from licenses.services.acquire import HeldSeat, NoSeatsAvailable, acquire_seat
from licenses.services.capacity import change_seats
from licenses.services.explain import Check, Explanation, explain_acquire
from licenses.services.life import revoke_license, suspend_license
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import Person, make_license, make_person
from tests.licenses.outage import redis_away
from tests.licenses.seats import outlive

MACHINE = "machine"
OTHER = "other machine"


def take(person: Person, license: License, machine: str = MACHINE) -> HeldSeat:
    """A seat."""
    return acquire_seat(
        membership=Membership.objects.select_related("organization").get(pk=person.membership.pk),
        license_key=license.key_string,
        hardware_id=machine,
        ip_address="127.0.0.1",
    )


def explain(person: Person, license: License, machine: str = MACHINE) -> Explanation:
    """Why a machine of theirs would get a seat, or none."""
    return explain_acquire(license_id=license.pk, user_id=person.user_id, hardware_id=machine)


def failed(explanation: Explanation) -> list[tuple[str, str]]:
    """The checks that fail, with the code of each."""
    return [(check.name, check.refusal.code) for check in explanation.checks if check.refusal]


Situation = Callable[[Person, License], object]


def untouched(_: Person, __: License) -> None:
    """Nobody holds a seat."""


def suspended(_: Person, license: License) -> None:
    """By the organization."""
    suspend_license(license_id=license.pk, now=timezone.now(), reason="holidays")


def unpaid(_: Person, license: License) -> None:
    """By billing."""
    suspend_license(license_id=license.pk, now=timezone.now(), hold=License.Hold.BILLING)


def revoked(_: Person, license: License) -> None:
    """For good."""
    revoke_license(license_id=license.pk, now=timezone.now(), reason="fraud")


def expired(_: Person, license: License) -> None:
    """Yesterday."""
    License.objects.filter(pk=license.pk).update(expires_at=timezone.now() - timedelta(days=1))


def full(person: Person, license: License) -> None:
    """All seats are taken by others."""
    for number in range(license.max_seats):
        take(person, license, f"{OTHER} {number}")


def reduced(person: Person, license: License) -> None:
    """Fewer seats than are in use: the newest runs out."""
    full(person, license)
    change_seats(license_id=license.pk, seats=1)


def held(person: Person, license: License) -> None:
    """This machine has the last seat."""
    take(person, license, OTHER)
    take(person, license)


def held_and_running_out(person: Person, license: License) -> None:
    """This machine's seat is the surplus."""
    held(person, license)
    change_seats(license_id=license.pk, seats=1)


def silent(person: Person, license: License) -> None:
    """All seats were taken, and one of the machines has died; no sweep has come by."""
    full(person, license)
    outlive(str(SeatSession.objects.earliest("started_at").pk))


def silent_itself(person: Person, license: License) -> None:
    """This machine's own session is dead."""
    outlive(str(take(person, license).session.pk))


def viewer(person: Person, _: License) -> None:
    """The user only looks on."""
    Membership.objects.filter(pk=person.membership.pk).update(role=Role.VIEWER)


def deactivated(person: Person, _: License) -> None:
    """The user is shut out."""
    User.objects.filter(pk=person.user_id).update(is_active=False)


def removed(person: Person, _: License) -> None:
    """The user is no member any more."""
    Membership.objects.filter(pk=person.membership.pk).delete()


def deleted(person: Person, _: License) -> None:
    """The whole organization is gone."""
    close_organization(organization_id=person.organization.pk, now=timezone.now())


def suspended_and_full(person: Person, license: License) -> None:
    """Two causes: the first that an acquire meets is named."""
    full(person, license)
    suspended(person, license)


SITUATIONS: list[tuple[Situation, list[tuple[str, str]]]] = [
    (untouched, []),
    (suspended, [("status", "license_suspended")]),
    (unpaid, [("status", "license_suspended")]),
    (revoked, [("status", "license_revoked")]),
    (expired, [("expiry", "license_expired")]),
    (full, [("seats", "no_seats_available")]),
    (reduced, [("seats", "no_seats_available")]),
    (held, []),
    (held_and_running_out, []),
    (silent, []),
    (silent_itself, []),
    (viewer, [("holder", "permission_denied")]),
    (deactivated, [("holder", "permission_denied")]),
    (removed, [("holder", "permission_denied")]),
    (deleted, [("status", "license_revoked")]),
    (suspended_and_full, [("status", "license_suspended"), ("seats", "no_seats_available")]),
]


class TestSituations:
    @pytest.mark.parametrize(("situation", "expected"), SITUATIONS, ids=[each.__name__ for each, _ in SITUATIONS])
    def test_names_the_cause(
        self, owner: Person, license: License, situation: Situation, expected: list[tuple[str, str]]
    ) -> None:
        situation(owner, license)
        explanation = explain(owner, license)
        assert failed(explanation) == expected
        assert [check.help != "" for check in explanation.checks if check.refusal] == [True] * len(expected)

    def test_tells_who_suspended_and_why(self, owner: Person, license: License) -> None:
        suspended(owner, license)
        check = find(explain(owner, license), "status")
        assert (check.details["holds"], check.details["reason"]) == (["customer"], "holidays")
        assert check.help == "An administrator of the organization can reinstate it."

    def test_tells_that_the_organization_was_deleted(self, owner: Person, license: License) -> None:
        deleted(owner, license)
        assert find(explain(owner, license), "status").details["reason"] == "organization_deleted"

    def test_tells_the_numbers_of_a_full_license(self, owner: Person, license: License) -> None:
        full(owner, license)
        details = find(explain(owner, license), "seats").details
        free_at = details.pop("next_available_at")
        assert timezone.now() < free_at <= timezone.now() + timedelta(seconds=360)
        assert details == {
            "max_seats": 2,
            "active_seats": 2,
            "available_seats": 0,
            "revoking_seats": 0,
            "silent_seats": 0,
        }

    def test_tells_of_surplus_that_runs_out(self, owner: Person, license: License) -> None:
        reduced(owner, license)
        check = find(explain(owner, license), "seats")
        assert (check.details["max_seats"], check.details["revoking_seats"]) == (1, 1)
        assert "beyond the seat count" in check.message

    def test_tells_of_seats_that_the_dead_leave(self, owner: Person, license: License) -> None:
        silent(owner, license)
        details = find(explain(owner, license), "seats").details
        assert (details["active_seats"], details["silent_seats"]) == (1, 1)

    def test_changes_nothing(self, owner: Person, license: License) -> None:
        silent(owner, license)
        before = list(SeatSession.objects.order_by("pk").values())
        count = Event.objects.count()
        explain(owner, license)
        assert list(SeatSession.objects.order_by("pk").values()) == before
        assert Event.objects.count() == count


def find(explanation: Explanation, name: str) -> Check:
    """One of the checks."""
    return next(check for check in explanation.checks if check.name == name)


MACHINES = ["machine 0", "machine 1", "machine 2"]
STEPS = st.one_of(
    st.tuples(st.just("take"), st.sampled_from(MACHINES)),
    st.tuples(st.just("die"), st.sampled_from(MACHINES)),
    st.tuples(st.just("change seats"), st.integers(1, 2)),
)
FULL: list[tuple[str, str | int]] = [("take", MACHINES[0]), ("take", MACHINES[1])]
# Mostly none, so that it is the seats that decide.
OBSTACLES = [*[untouched] * 6, suspended, revoked, expired, viewer, deactivated, removed]


class TestAgreement:
    """Whatever machines have done, in whatever order, with Redis or without."""

    @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        history=st.lists(STEPS, min_size=1, max_size=6),
        obstacle=st.sampled_from(OBSTACLES),
        machine=st.sampled_from(MACHINES),
        away=st.sampled_from([False, False, True]),
    )
    @example(history=[*FULL, ("die", MACHINES[0])], obstacle=untouched, machine=MACHINES[2], away=False)
    @example(history=FULL, obstacle=untouched, machine=MACHINES[0], away=True)
    def test_with_what_an_acquire_does(
        self, db: None, history: list[tuple[str, str | int]], obstacle: Situation, machine: str, away: bool
    ) -> None:
        with transaction.atomic():
            person = make_person()
            license = make_license(person.organization, seats=2)
            for step in history:
                play(step, person, license)
            obstacle(person, license)
            with redis_away() if away else nullcontext():
                agree(person, license, machine)
            transaction.set_rollback(True)
        redis.client.flushdb()


def play(step: tuple[str, str | int], person: Person, license: License) -> None:
    """One step of a history; a machine that finds no seat goes without."""
    what, detail = step
    if what == "change seats":
        change_seats(license_id=license.pk, seats=int(detail))
    elif what == "take":
        with suppress(NoSeatsAvailable):
            take(person, license, str(detail))
    else:
        for session in SeatSession.objects.filter(ended_at=None, hardware_id=detail):
            outlive(str(session.pk))


def agree(person: Person, license: License, machine: str) -> None:
    """What is explained is what happens."""
    present = Membership.objects.select_related("organization").filter(pk=person.membership.pk).first()
    told = explain(person, license, machine).refusal
    assert told is refusal_of(present or person.membership, license, machine)


def refusal_of(membership: Membership, license: License, machine: str) -> type[DomainError] | None:
    """What an acquire is refused with."""
    try:
        acquire_seat(membership=membership, license_key=license.key_string, hardware_id=machine, ip_address="127.0.0.1")
    except DomainError as error:
        return type(error)
    return None


class TestEndpoint:
    def test_answers_check_by_check(self, api: Api, owner: Person, license: License) -> None:
        suspended(owner, license)
        answer = ask(api, owner, license)
        assert answer.status == 200
        told = answer.data
        assert (told["would_succeed"], told["code"], told["user_id"]) == (
            False,
            "license_suspended",
            str(owner.user_id),
        )
        assert [check["check"] for check in told["checks"]] == [
            "key",
            "holder",
            "status",
            "expiry",
            "own_seat",
            "seats",
        ]
        assert [check["ok"] for check in told["checks"]] == [True, True, False, True, True, True]

    def test_explains_for_a_colleague(self, api: Api, owner: Person, license: License) -> None:
        onlooker = make_person(Role.VIEWER, organization=owner.organization)
        told = ask(api, owner, license, user_id=str(onlooker.user_id)).data
        assert (told["code"], told["checks"][1]["details"]["role"]) == ("permission_denied", "viewer")

    def test_tells_nothing_of_strangers(self, api: Api, owner: Person, outsider: Person, license: License) -> None:
        known, unknown = (
            ask(api, owner, license, user_id=str(user_id)).data["checks"] for user_id in (outsider.user_id, uuid4())
        )
        assert known == unknown

    def test_is_for_administrators(self, api: Api, owner: Person, outsider: Person, license: License) -> None:
        member = make_person(Role.MEMBER, organization=owner.organization)
        assert_problem(ask(api, member, license), 403, "permission_denied")
        assert_problem(ask(api, outsider, license), 404, "license_not_found")

    def test_needs_a_machine(self, api: Api, owner: Person, license: License) -> None:
        client = api.as_bearer(owner.token)
        for query in ({}, {"hardware_id": MACHINE, "user_id": "x"}, {"hardware_id": MACHINE, "key": "x"}):
            assert client.get("explain", query, license_id=license.pk).status == 400


def ask(api: Api, person: Person, license: License, **query: str) -> Answer:
    """Ask for an explanation."""
    return api.as_bearer(person.token).get("explain", {"hardware_id": MACHINE, **query}, license_id=license.pk)
