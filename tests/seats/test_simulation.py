"""The seat protocol in virtual time: no seed breaks a promise, and every rule left out breaks one."""

import os

import pytest

from tests.seats.simulation.redis_server import occurs
from tests.seats.simulation.report import seeds_until_caught
from tests.seats.simulation.rules import MUTANTS
from tests.seats.simulation.run import simulate

SEEDS = int(os.environ.get("SIMULATION_SEEDS", "200"))
BATCH = 50
MUTANT_SEEDS = 400
TRACE_LINES = 60


def replayed(seed: int) -> str:
    """How the seed ended; the same again by `make simulate ARGS="--seed N"`."""
    return "\n".join([f"seed {seed}", *simulate(seed=seed, trace=True).trace[-TRACE_LINES:]])


class TestProtocol:
    @pytest.mark.parametrize("first", range(0, SEEDS, BATCH))
    def test_keeps_every_promise(self, first: int) -> None:
        for seed in range(first, min(first + BATCH, SEEDS)):
            assert not simulate(seed=seed).violations, replayed(seed)

    def test_runs_the_same_seed_the_same_way(self) -> None:
        once, again = (simulate(seed=7, trace=True) for _ in range(2))
        assert once.trace == again.trace
        assert once.steps == again.steps

    def test_is_not_changed_by_being_traced(self) -> None:
        assert simulate(seed=7, trace=True).steps == simulate(seed=7).steps


class TestMutants:
    @pytest.mark.parametrize("name", MUTANTS)
    def test_is_caught(self, name: str) -> None:
        assert seeds_until_caught(name, limit=MUTANT_SEEDS) is not None

    @pytest.mark.parametrize("name", [name for name, mutant in MUTANTS.items() if mutant.rules.changes])
    def test_changes_the_lua_that_is_there(self, name: str) -> None:
        assert all(occurs(text) for text in MUTANTS[name].rules.changes)

    def test_leaves_no_rule_out(self) -> None:
        assert {name.split()[0] for name in MUTANTS} == {f"R{number}" for number in range(1, 11)}
