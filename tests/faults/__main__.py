"""The races, then every fault, several runs each, and a table of what came of it. Exit code 1 for any violation."""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.faults import billing, clocks, webhooks
from tests.faults.faults import CLOCK_FAULTS, FAULTS
from tests.faults.run import Plan, run
from tests.faults.setting import Setting
from tests.faults.table import HEAD, Row, write
from tests.live import Live
from tests.play.outcome import verify
from tests.races.races import RACES, Counts

# A web that must ask for the time answers fewer requests a second.
FEWER_SEATS = (1, 2, 5)


def main() -> int:
    """Run and print."""
    options = _options()
    began, rows = time.monotonic(), []
    _say(HEAD)
    with tempfile.TemporaryDirectory(prefix="prove ") as folder:
        for row in _rows(Path(folder), options):
            _say(row.text)
            for violation in row.violations[:10]:
                _say(f"    {violation}")
            rows.append(row)
    violations = sum(len(row.violations) for row in rows)
    _say(f"\n{violations} violations; {(time.monotonic() - began) / 60:.0f} minutes")
    if options.write:
        write(options.write, rows)
    return 1 if violations else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make prove")
    parser.add_argument("--runs", type=int, default=5, help="runs under each fault")
    parser.add_argument("--scale", type=int, default=1, help="so many times the runs, and the races")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fault", action="append", choices=[*FAULTS, *CLOCK_FAULTS], help="only this; may be repeated")
    parser.add_argument("--races", action="store_true", help="only the races")
    parser.add_argument("--billing", action="store_true", help="only Stripe's events and payments")
    parser.add_argument("--webhooks", action="store_true", help="only customers' events")
    parser.add_argument("--write", type=Path, metavar="FILE", help="replace the table in this document")
    return parser.parse_args()


def _rows(directory: Path, options: argparse.Namespace) -> Iterator[Row]:
    is_all = not (options.fault or options.races or options.billing or options.webhooks)
    if is_all or options.races:
        yield from _races(directory / "races", options)
    if is_all or options.fault:
        yield from _faults(directory / "faults", options)
    if is_all or options.billing:
        yield from billing.play()
    if is_all or options.webhooks:
        yield from webhooks.play(directory / "webhooks")


def _races(directory: Path, options: argparse.Namespace) -> Iterator[Row]:
    """The races, against a server as it is in production, but without rate limits."""
    counts = Counts().times(options.scale)
    live = Live(directory, RATE_LIMIT_FACTOR="0")
    try:
        live.start()
        for race, times in zip(RACES, counts.repeats, strict=True):
            yield Row.of([race(live, counts)], runs=times, verified=verify(live))
    finally:
        live.stop()


def _faults(directory: Path, options: argparse.Namespace) -> Iterator[Row]:
    chosen = options.fault or [*FAULTS, *CLOCK_FAULTS]
    plain, moved = ([name for name in chosen if name in faults] for faults in (FAULTS, CLOCK_FAULTS))
    setting = Setting(directory, ttl=Plan().ttl)
    try:
        if plain:
            setting.start()
            yield from map(_player(setting, options), plain)
        if moved and clocks.can_be_moved():
            setting.restart_with_clocks()
            yield from map(_player(setting, options), moved)
        elif moved:
            _say(f"No clock can be moved on this machine; not run: {', '.join(moved)}.")
    finally:
        setting.stop()


def _player(setting: Setting, options: argparse.Namespace) -> Callable[[str], Row]:
    seeds = range(options.seed, options.seed + options.runs * options.scale)

    def play(fault: str) -> Row:
        seats = FEWER_SEATS if fault in CLOCK_FAULTS else Plan().seats
        outcomes = [run(setting, [fault], Plan(seed=seed, seats=seats)) for seed in seeds]
        return Row.of(outcomes, runs=len(outcomes), verified=verify(setting.live))

    return play


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
