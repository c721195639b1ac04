"""Every order of events, random histories and intents, at full scale: `python -m tests.subscriptions`.

The tests are those of every run, here in several processes with services of their own. Exit code 1 for any violation.
"""

import argparse
import subprocess
import sys

import pytest

from tests.subscriptions import scale

FILES = ("test_orders.py", "test_histories.py", "test_intents.py")


def main() -> int:
    """Run them all, or as many as are asked for."""
    parser = argparse.ArgumentParser(prog="make prove")
    for name in ("orders", "histories", "intents"):
        parser.add_argument(f"--{name}", type=int, default=getattr(scale.FULL, name))
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--parts", type=int, default=2, help="so many processes share the work")
    parser.add_argument("--part", type=int, help="do only this part, from 0 on")
    options = parser.parse_args()
    if options.part is None:
        return _run_parts(options.parts)
    scale.current.__dict__.update(vars(options))
    wanted = [f"tests/subscriptions/{name}" for name in FILES if getattr(options, name[5:-3])]
    quiet = ["-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:logging"]
    return int(pytest.main(["-q", *quiet, *wanted]))


def _run_parts(parts: int) -> int:
    command = [sys.executable, "-m", "tests.subscriptions", *sys.argv[1:]]
    running = [subprocess.Popen([*command, "--part", str(part)]) for part in range(parts)]
    return max(process.wait() for process in running)


if __name__ == "__main__":
    sys.exit(main())
