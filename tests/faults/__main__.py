"""Every fault, several runs each, and a table of what came of it. Exit code 1 where a promise was broken."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.faults.faults import FAULTS
from tests.faults.run import Outcome, run
from tests.faults.setting import Setting

HEAD = "| fault | runs | requests | violations | slowest answer | acquire back | heartbeat back | release back |"


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="make prove")
    parser.add_argument("--runs", type=int, default=5, help="runs under each fault")
    parser.add_argument("--ttl", type=int, default=2, help="seconds that a heartbeat keeps a seat")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fault", action="append", choices=list(FAULTS), help="only this one; may be repeated")
    options = parser.parse_args()
    _say(HEAD)
    _say("|---" * HEAD.count(" |") + "|")
    violations = 0
    with tempfile.TemporaryDirectory(prefix="prove ") as folder:
        setting = Setting(Path(folder), ttl=options.ttl)
        try:
            setting.start()
            for fault in options.fault or FAULTS:
                seeds = range(options.seed, options.seed + options.runs)
                violations += _report([run(setting, fault, ttl=options.ttl, seed=seed) for seed in seeds])
        finally:
            setting.stop()
    _say(f"\n{violations} violations")
    return 1 if violations else 0


def _report(outcomes: list[Outcome]) -> int:
    found = [violation for outcome in outcomes for violation in outcome.violations]
    cells = [
        outcomes[0].fault,
        str(len(outcomes)),
        str(sum(outcome.requests for outcome in outcomes)),
        str(len(found)),
        f"{max(outcome.slowest for outcome in outcomes):.1f} s",
        *(_back(outcomes, operation) for operation in ("acquire", "heartbeat", "release")),
    ]
    _say(f"| {' | '.join(cells)} |")
    for violation in found[:10]:
        _say(f"    {violation}")
    return len(found)


def _back(outcomes: list[Outcome], operation: str) -> str:
    times = [outcome.back_after[operation] for outcome in outcomes if operation in outcome.back_after]
    return f"{max(times):.1f} s" if times else "not seen"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
