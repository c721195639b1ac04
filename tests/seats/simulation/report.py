"""Many seeds, every mutant, one seed again with its trace."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from os import cpu_count

from tests.seats.simulation.referee import INVARIANTS
from tests.seats.simulation.rules import MUTANTS, Mutant, Rules
from tests.seats.simulation.run import Result, simulate

# A mutant that survives so many seeds is one that the simulation cannot tell from the protocol.
MUTANT_SEEDS = 2_000
TRACE_LINES = 80


def main() -> int:
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=500, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--seed", type=int, help="only this one, with its trace")
    parser.add_argument("--mutant", choices=MUTANTS, help="with --seed: leave this rule out")
    parser.add_argument("--lines", type=int, default=TRACE_LINES, help="of the trace, from its end")
    parser.add_argument("--jobs", type=int, default=cpu_count() or 1)
    options = parser.parse_args()
    if options.seed is not None:
        mutant = MUTANTS[options.mutant] if options.mutant else Mutant(Rules())
        return _replay(options.seed, mutant=mutant, lines=options.lines)
    with ProcessPoolExecutor(options.jobs) as pool:
        found = _seeds(pool, range(options.first, options.first + options.seeds))
        survivors = _mutants(pool)
    return 1 if found or survivors else 0


def _say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def _replay(seed: int, *, mutant: Mutant, lines: int) -> int:
    result = simulate(seed=seed, rules=mutant.rules, only=mutant.faults, trace=True)
    _say("\n".join(result.trace[-lines:]))
    _say(f"seed {seed}: {result.steps} steps, {len(result.violations)} violations")
    return 1 if result.violations else 0


def _seeds(pool: Executor, seeds: range) -> int:
    """Run the protocol as it is, and print what happened to it; how many seeds broke a promise."""
    started_at = time.monotonic()
    steps, sessions = 0, 0
    faults: Counter[str] = Counter()
    broken: Counter[str] = Counter()
    for result in pool.map(_run, seeds, chunksize=20):
        steps += result.steps
        sessions += result.sessions
        faults.update(result.faults)
        if result.violations:
            broken[result.violations[0].invariant] += 1
            _say(f"seed {result.seed}: {result.violations[0]}")
    seconds = time.monotonic() - started_at
    _say(f"seeds {len(seeds)}   steps {steps:,}   sessions {sessions:,}   seconds {seconds:.1f}\n")
    _table("fault", faults.most_common())
    _table("promise broken", [(invariant, broken[invariant]) for invariant in INVARIANTS])
    return broken.total()


def _run(seed: int) -> Result:
    return simulate(seed=seed)


def _mutants(pool: Executor) -> int:
    """Print after how many seeds each mutant was caught; returns how many survived."""
    rows = list(zip(MUTANTS, pool.map(seeds_until_caught, MUTANTS), strict=True))
    _table("mutant", [(name, f"seed {seeds}" if seeds else "SURVIVED") for name, seeds in rows])
    return sum(seeds is None for _, seeds in rows)


def seeds_until_caught(name: str, *, limit: int = MUTANT_SEEDS) -> int | None:
    """How many seeds it takes to tell the mutant from the protocol; None if `limit` are not enough."""
    mutant = MUTANTS[name]
    for count in range(limit):
        if simulate(seed=mutant.first + count, rules=mutant.rules, only=mutant.faults).violations:
            return count + 1
    return None


def _table(title: str, rows: Sequence[tuple[str, object]]) -> None:
    width = max(len(name) for name, _ in [(title, 0), *rows])
    _say(f"{title:<{width}}  found")
    for name, value in rows:
        _say(f"{name:<{width}}  {value:>10}")
    _say()


if __name__ == "__main__":
    sys.exit(main())
