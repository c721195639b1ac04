"""Starts servers of its own, fills them, measures, prints ratios; the exit code is 1 when a goal was missed."""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from tests.bench import rounds, tables
from tests.bench.goals import Run, missed
from tests.bench.machine import describe
from tests.bench.servers import BenchServer

FEW = 1000


def read_flags() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each load")
    parser.add_argument("--sessions", type=int, default=1_000_000, help="live at once, in the large population")
    parser.add_argument("--repeats", type=int, default=7, help="rounds; the table shows their medians")
    parser.add_argument("--write", type=Path, help="a document between whose marks the table is to be put")
    return parser.parse_args()


def main() -> int:
    """Measure and report."""
    flags = read_flags()
    machine = describe()
    directory = Path(tempfile.mkdtemp(prefix="coditect-bench-"))
    few = BenchServer(directory / "few", sessions=FEW)
    many = BenchServer(directory / "many", sessions=flags.sessions)
    try:
        run = measure(few, many, seconds=flags.seconds, repeats=flags.repeats)
    finally:
        for server in (few, many):
            server.live.stop()
        shutil.rmtree(directory)
    used = f"--seconds {flags.seconds:g} --sessions {flags.sessions} --repeats {flags.repeats}"
    report = tables.render(run, machine=machine, flags=used)
    print(report)  # noqa: T201 (what the command is for)
    if flags.write:
        tables.write(flags.write, report)
    return 1 if any(missed(run)) else 0


def measure(few: BenchServer, many: BenchServer, *, seconds: float, repeats: int) -> Run:
    """Everything, in one run."""
    for server in (few, many):
        say(f"filling a server with {server.sessions:,} live sessions …")
        server.start()
    figures = rounds.Figures()
    rounds.warm_up(few, many)
    for number in range(repeats):
        say(f"round {number + 1} of {repeats} …")
        rounds.measure_operations(few, figures, seconds=seconds, number=number)
        rounds.measure_populations(few, many, figures, seconds=seconds)
    costs = json.loads(few.run_inside("costs"))
    return Run(
        figures=figures,
        operations=costs["operations"],
        sizes=costs["bytes"],
        few=few.sessions,
        many=many.sessions,
        bytes_in_use=many.bytes_per_session,
    )


def say(line: str) -> None:
    """Tell the one who waits."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201 (what the command is for)


if __name__ == "__main__":
    sys.exit(main())
