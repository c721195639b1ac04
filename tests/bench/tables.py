"""A run as text: Markdown tables, and the goals met or missed."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from tests.bench.goals import Run, missed
from tests.bench.load import Rate
from tests.bench.rounds import CONNECTIONS, THREADS, USUAL, Figures

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
OTHERS = ("new token", "validate", "acquire", "release")
NAMES = {
    "empty": "empty Django view",
    "empty with token": "the same, asked with a token",
    "heartbeat": "heartbeat",
    "new token": "heartbeat, each with a token not seen before",
}


def render(run: Run, *, machine: Sequence[str], flags: str) -> str:
    """The whole report."""
    parts = [
        _list([*machine, f"Measured with: {flags}"]),
        _table(
            ("", "connections", "per second", "of the empty view", "processor µs", "p50 ms", "p99 ms"), _speeds(run)
        ),
        _table(("heartbeat, of the ceiling", *_connections()), _shares(run.figures)),
        _table(("live sessions", "p50 ms", "p99 ms"), _populations(run)),
        _table(("operation", "SQL", "authentication", "savepoints", "Redis round trips"), _operations(run)),
        _table(("sessions per license", "bytes each, beating as told", "all in one minute"), _sizes(run)),
        f"Memory that Valkey says it uses, per session at {run.many:,}: {run.bytes_in_use:.0f} bytes.",
        _list(list(missed(run)) or ["All goals were met."]),
    ]
    return "\n\n".join(parts) + "\n"


def write(path: Path, report: str) -> None:
    """Replace what stands between the two marks of a document."""
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n\n{report}\n{END}{after}", encoding="utf-8")


def _speeds(run: Run) -> Iterator[tuple[str, ...]]:
    figures = run.figures
    for name in ("empty", "empty with token", "heartbeat"):
        for connections in CONNECTIONS:
            yield _speed(figures, name, connections)
    for name in OTHERS:
        yield _speed(figures, name, USUAL)
    for threads in THREADS:
        yield _calls(figures, threads)


def _calls(figures: Figures, threads: int) -> tuple[str, ...]:
    per_second = median(figures.calls_per_second[threads])
    return (
        f"the heartbeat's Lua call alone, {threads} thread{'s' * (threads > 1)}",
        "",
        f"{per_second:,.0f}",
        f"{per_second / figures.middle('empty', threads, _per_second):.2f}",
        f"{median(figures.calls_cpu_us[threads]):,.0f}",
        "",
        "",
    )


def _speed(figures: Figures, name: str, connections: int) -> tuple[str, ...]:
    per_second = figures.middle(name, connections, _per_second)
    return (
        NAMES.get(name, name),
        str(connections),
        f"{per_second:,.0f}",
        f"{per_second / figures.middle('empty', connections, _per_second):.2f}",
        f"{figures.middle(name, connections, lambda rate: rate.cpu_us):,.0f}",
        f"{figures.middle(name, connections, lambda rate: rate.p50_ms):.2f}",
        f"{figures.middle(name, connections, lambda rate: rate.p99_ms):.2f}",
    )


def _shares(figures: Figures) -> Iterator[tuple[str, ...]]:
    for floor, about in (("empty", ""), ("empty with token", ", empty view asked with a token")):
        shares = (figures.share(connections, floor=floor) for connections in CONNECTIONS)
        cpu_shares = (figures.cpu_share(connections, floor=floor) for connections in CONNECTIONS)
        yield f"by requests per second{about}", *(f"{share:.2f}" for share in shares)
        yield f"by processor time{about}", *(f"{share:.2f}" for share in cpu_shares)


def _populations(run: Run) -> Iterator[tuple[str, ...]]:
    for sessions, rates in ((run.few, run.figures.few), (run.many, run.figures.many)):
        yield (
            f"{sessions:,}",
            f"{median(rate.p50_ms for rate in rates):.2f}",
            f"{median(rate.p99_ms for rate in rates):.2f}",
        )
    growth = run.figures.growth
    yield "ratio, pair by pair", f"{growth(lambda rate: rate.p50_ms):.2f}", f"{growth(lambda rate: rate.p99_ms):.2f}"


def _operations(run: Run) -> Iterator[tuple[str, ...]]:
    for name, counts in run.operations.items():
        yield name, *map(str, counts)


def _sizes(run: Run) -> Iterator[tuple[str, ...]]:
    for sessions, (usual, most) in run.sizes.items():
        yield sessions, f"{usual:.0f}", f"{most:.0f}"


def _connections() -> Iterator[str]:
    return (f"{connections} connections" if connections > 1 else "1 connection" for connections in CONNECTIONS)


def _per_second(rate: Rate) -> float:
    return rate.per_second


def _table(head: Sequence[str], rows: Iterator[tuple[str, ...]]) -> str:
    alignment = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, alignment, *rows))


def _list(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
