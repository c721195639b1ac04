"""Stripe's events in every order, random histories of customers, and payments whose answers are lost."""

import subprocess
import sys
from collections.abc import Iterator

from tests.faults.table import Row
from tests.subscriptions.scale import FULL

TITLES = {
    "orders": "seven Stripe events in every order",
    "histories": "histories with lost, late, twin events and kills",
    "intents": "payments with dropped answers, kills and double clicks",
}
LINES_TOLD = 20


def play() -> Iterator[Row]:
    """One row for each; what is tried is what `python -m tests.subscriptions` tries, in a process of its own."""
    for kind, title in TITLES.items():
        others = [f"--{other}=0" for other in TITLES if other != kind]
        # A process that ends badly has a violation to tell of.
        done = subprocess.run(
            [sys.executable, "-m", "tests.subscriptions", *others], capture_output=True, text=True, check=False
        )
        complaints = [line for line in done.stdout.splitlines() if line.startswith("E  ")][:LINES_TOLD]
        violations = (complaints or [f"exit code {done.returncode}"]) if done.returncode else []
        yield Row(f"| {title} | {getattr(FULL, kind):,} |  | {len(violations)} |  |  |  |  |", violations)
