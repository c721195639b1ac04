"""What we promise of costs, and a sentence for each promise that a run did not keep."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.bench.rounds import CONNECTIONS, Figures

SHARE = 0.75
GROWTH = 1.10
BYTES = 300
ACQUIRE_STATEMENTS = 4


@dataclass(frozen=True, kw_only=True)
class Run:
    """Everything that one run found out.

    `operations` are statements, those for authentication, savepoints and round trips to Redis; `sizes` are bytes per
    session by sessions per license, when they beat as they are told and when all beat in one minute.
    """

    figures: Figures
    operations: Mapping[str, Sequence[int]]
    sizes: Mapping[str, Sequence[float]]
    few: int
    many: int
    bytes_in_use: float


def missed(run: Run) -> Iterator[str]:
    """A sentence for each goal that was missed."""
    figures = run.figures
    for connections in CONNECTIONS:
        share = figures.share(connections)
        if share < SHARE:
            yield (
                f"Heartbeats over {connections} connection(s) reach {share:.2f} of the ceiling (goal {SHARE}; "
                f"by processor time {figures.cpu_share(connections):.2f})."
            )
    growth = figures.growth(lambda rate: rate.p99_ms)
    if growth > GROWTH:
        yield f"Among {run.many:,} sessions p99 is {growth:.2f} times that among {run.few:,} (goal {GROWTH})."
    yield from _missed_counts(run)


def _missed_counts(run: Run) -> Iterator[str]:
    for sessions, (usual, _) in run.sizes.items():
        if usual > BYTES:
            yield f"{sessions} sessions per license take {usual:.0f} bytes of Redis each (goal {BYTES})."
    statements, authentication, _, round_trips = run.operations["heartbeat"]
    if statements + authentication or round_trips != 1:
        yield f"A heartbeat takes {statements + authentication} SQL statements and {round_trips} round trips to Redis."
    if run.operations["acquire"][0] > ACQUIRE_STATEMENTS:
        yield f"An acquire takes {run.operations['acquire'][0]} SQL statements (goal {ACQUIRE_STATEMENTS})."
