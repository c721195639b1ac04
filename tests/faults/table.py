"""The table of `make prove`: one row per race or fault."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.play.outcome import Outcome

_TITLES = (
    *("race or fault", "runs", "requests", "violations", "slowest answer"),
    *("acquire back", "heartbeat back", "release back"),
)
_OPERATIONS = ("acquire", "heartbeat", "release")
HEAD = f"| {' | '.join(_TITLES)} |\n{'|---' * len(_TITLES)}|"


@dataclass(frozen=True)
class Row:
    """One row, and what it has to complain of."""

    text: str
    violations: list[str]

    @classmethod
    def of(cls, outcomes: Sequence[Outcome], *, runs: int, verified: Sequence[str]) -> "Row":
        """The row of several outcomes of one name, and of what the record's verification said after them."""
        violations = [violation for outcome in outcomes for violation in outcome.violations] + list(verified)
        cells = [
            outcomes[0].name,
            f"{runs:,}",
            f"{sum(outcome.requests for outcome in outcomes):,}",
            str(len(violations)),
            f"{max(outcome.slowest for outcome in outcomes):.1f} s",
            *(_back(outcomes, operation) for operation in _OPERATIONS),
        ]
        return cls(f"| {' | '.join(cells)} |", violations)


def _back(outcomes: Sequence[Outcome], operation: str) -> str:
    """The longest wait for the first success after the fault; races have no fault."""
    if not any(outcome.back_after for outcome in outcomes):
        return ""
    times = [outcome.back_after.get(operation) for outcome in outcomes]
    seen = [time for time in times if time is not None]
    return f"{max(seen):.1f} s" if len(seen) == len(times) else "not seen"


def write(document: Path, rows: Sequence[Row]) -> None:
    """Replace the one table of a document."""
    lines = document.read_text(encoding="utf-8").splitlines()
    places = [number for number, line in enumerate(lines) if line.startswith("|")]
    lines[places[0] : places[-1] + 1] = [HEAD, *(row.text for row in rows)]
    document.write_text("\n".join(lines) + "\n", encoding="utf-8")
