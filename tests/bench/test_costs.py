"""What operations cost, in numbers that no busy machine can blur."""

import pytest

from accounts.models import Role
from tests.bench.costs import SIZES, Cost, bytes_per_session, measure_operations, usual_share
from tests.dialects import NAMES, Api
from tests.factories import Person, make_license, make_person
from tests.licenses.unhurried import give_time

BYTES = 300


@pytest.fixture(params=NAMES)
def costs(request: pytest.FixtureRequest, transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, Cost]:
    """Each operation's cost; without a test's transaction around, which would turn ours into savepoints."""
    give_time(monkeypatch)
    person = make_person(Role.OWNER)
    return measure_operations(Api(request.param), person, make_license(person.organization, seats=5))


class TestCosts:
    def test_a_heartbeat_is_one_round_trip_and_no_sql(self, costs: dict[str, Cost]) -> None:
        for name in ("heartbeat", "heartbeat by body"):
            cost = costs[name]
            assert (cost.statements, cost.authentication, cost.savepoints) == ([], 0, 0)
            assert cost.round_trips == 1

    def test_an_acquire_is_four_statements(self, costs: dict[str, Cost]) -> None:
        cost = costs["acquire"]
        assert len(cost.statements) <= 4, cost.statements
        assert (cost.authentication, cost.savepoints) == (2, 0)
        assert cost.round_trips == 2

    def test_a_release_is_six_statements(self, costs: dict[str, Cost]) -> None:
        cost = costs["release"]
        assert len(cost.statements) <= 6, cost.statements
        assert cost.authentication == 2
        assert cost.round_trips == 2

    def test_a_warm_validation_is_one_read_beside_the_limit(self, costs: dict[str, Cost]) -> None:
        cost = costs["validate"]
        assert (cost.statements, cost.authentication, cost.savepoints) == ([], 0, 0)
        assert cost.round_trips == 2

    def test_a_cold_validation_is_one_statement(self, costs: dict[str, Cost]) -> None:
        cost = costs["validate, cold"]
        assert len(cost.statements) <= 1, cost.statements
        assert (cost.authentication, cost.savepoints) == (0, 0)
        assert cost.round_trips == 3

    @pytest.mark.parametrize("sessions", SIZES)
    def test_a_live_session_takes_little_memory(self, owner: Person, sessions: int) -> None:
        license = make_license(owner.organization, seats=sessions)
        size = bytes_per_session(license, user_id=owner.user_id, sessions=sessions, beating=usual_share())
        assert size <= BYTES
