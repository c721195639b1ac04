"""Every order of events, random histories and intents, at full scale: `python -m tests.subscriptions`.

The tests are those of every run. Exit code 1 for any violation.
"""

import argparse
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
    options = parser.parse_args()
    scale.current.__dict__.update(vars(options))
    wanted = [f"tests/subscriptions/{name}" for name in FILES if getattr(options, name[5:-3])]
    return int(pytest.main(["-q", "-p", "no:randomly", "-p", "no:cacheprovider", *wanted]))


if __name__ == "__main__":
    sys.exit(main())
