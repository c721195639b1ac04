"""There is always an owner: also when two requests at once each believe that the other one stays."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from accounts.models import Membership, Role
from tests.accounts.test_members import change, leave, remove, transfer
from tests.dialects import Answer, Api
from tests.factories import Person, make_person

ROUNDS = 2
Call = Callable[[], Answer]


def at_once(*calls: Call) -> list[int]:
    """The statuses of calls that begin together."""
    barrier = Barrier(len(calls))

    def run(call: Call) -> int:
        try:
            barrier.wait()
            return call().status
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def owners_of(person: Person) -> int:
    """How many owners the organization has."""
    return Membership.objects.filter(organization=person.organization, role=Role.OWNER).count()


@pytest.fixture
def pair(transactional_db: None) -> tuple[Person, Person]:
    """Two owners of one organization."""
    first = make_person(Role.OWNER)
    return first, make_person(Role.OWNER, organization=first.organization)


@pytest.mark.parametrize("number", range(ROUNDS))
class TestTwoOwners:
    def test_cannot_both_leave(self, pair: tuple[Person, Person], number: int) -> None:
        api, (first, second) = Api("flat"), pair
        statuses = at_once(lambda: leave(api, first), lambda: leave(api, second))
        assert (sorted(statuses), owners_of(first)) == ([200, 409], 1)

    def test_cannot_both_step_down(self, pair: tuple[Person, Person], number: int) -> None:
        api, (first, second) = Api("flat"), pair
        statuses = at_once(lambda: change(api, first, first, "member"), lambda: change(api, second, second, "member"))
        assert (sorted(statuses), owners_of(first)) == ([200, 409], 1)

    def test_cannot_demote_each_other(self, pair: tuple[Person, Person], number: int) -> None:
        api, (first, second) = Api("flat"), pair
        statuses = at_once(lambda: change(api, first, second, "viewer"), lambda: change(api, second, first, "viewer"))
        assert (sorted(statuses), owners_of(first)) == ([200, 403], 1)

    def test_cannot_put_each_other_out(self, pair: tuple[Person, Person], number: int) -> None:
        api, (first, second) = Api("flat"), pair
        statuses = at_once(lambda: remove(api, first, second), lambda: remove(api, second, first))
        assert owners_of(first) == 1
        # Whoever came second has no log-in any more, or, where their request was let in already, no membership.
        assert sorted(statuses) in ([200, 401], [200, 404])

    def test_cannot_leave_while_the_other_hands_over(self, pair: tuple[Person, Person], number: int) -> None:
        api, (first, second) = Api("flat"), pair
        statuses = at_once(lambda: leave(api, first), lambda: transfer(api, second, first))
        assert owners_of(first) == 1
        assert sorted(statuses) in ([200, 404], [200, 409])
