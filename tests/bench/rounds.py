"""What is measured, in rounds: everything once per round, so that a machine that drifts drifts for all alike."""

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

from tests.bench.layout import EMPTY_PATH
from tests.bench.load import Rate, request
from tests.bench.servers import BenchServer

CONNECTIONS = (1, 4, 8)
THREADS = (1, 4)
USUAL = 4
EMPTY = [request("GET", EMPTY_PATH)]
WARM_UP_SECONDS = 1.0


@dataclass(kw_only=True)
class Figures:
    """Everything measured, round by round."""

    rates: dict[tuple[str, int], list[Rate]] = field(default_factory=lambda: defaultdict(list))
    # By the threads that call at once.
    calls_per_second: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    calls_cpu_us: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    few: list[Rate] = field(default_factory=list)
    many: list[Rate] = field(default_factory=list)

    def middle(self, name: str, connections: int, value: Callable[[Rate], float]) -> float:
        """The median over the rounds."""
        return median(value(rate) for rate in self.rates[name, connections])

    def share(self, connections: int, *, floor: str = "empty") -> float:
        """Heartbeats per second as a share of the ceiling 1/(1/h + 1/r), each round by its own h, the floor's rate."""
        pairs = zip(self.rates["heartbeat", connections], self.rates[floor, connections], strict=True)
        return median(
            beat.per_second * (1 / empty.per_second + 1 / calls)
            for (beat, empty), calls in zip(pairs, self.calls_per_second[threads_for(connections)], strict=True)
        )

    def cpu_share(self, connections: int, *, floor: str = "empty") -> float:
        """The same by processor time, which other programs on the machine disturb less."""
        pairs = zip(self.rates["heartbeat", connections], self.rates[floor, connections], strict=True)
        return median(
            (empty.cpu_us + calls) / beat.cpu_us
            for (beat, empty), calls in zip(pairs, self.calls_cpu_us[threads_for(connections)], strict=True)
        )

    def growth(self, value: Callable[[Rate], float]) -> float:
        """How much longer a heartbeat takes among many sessions than among few."""
        return median(value(many) / value(few) for few, many in zip(self.few, self.many, strict=True))


def threads_for(connections: int) -> int:
    """How many threads of the server so many connections keep busy."""
    return min(connections, max(THREADS))


def warm_up(few: BenchServer, many: BenchServer) -> None:
    """Load every path once, unmeasured."""
    few.load(EMPTY, connections=USUAL, seconds=WARM_UP_SECONDS)
    few.load(few.validations, connections=USUAL, seconds=WARM_UP_SECONDS)
    for server in (few, many):
        server.load(server.beats, connections=USUAL, seconds=WARM_UP_SECONDS)


def measure_operations(server: BenchServer, figures: Figures, *, seconds: float, number: int) -> None:
    """One round of the operations, on the server with few sessions."""
    # The floor twice: asked as simply as possible, and with headers as long as a heartbeat's.
    loads = (("empty", EMPTY), ("empty with token", server.empties_with_token), ("heartbeat", server.beats))
    for connections in CONNECTIONS:
        for name, requests in loads:
            rate = server.load(requests, connections=connections, seconds=seconds)
            figures.rates[name, connections].append(rate)
    measure_calls(server, figures, seconds=seconds)
    for name, requests in (("new token", server.fresh_beats), ("validate", server.validations)):
        figures.rates[name, USUAL].append(server.load(requests, connections=USUAL, seconds=seconds))
    measure_seats(server, figures, seconds=seconds, number=number)


def measure_calls(server: BenchServer, figures: Figures, *, seconds: float) -> None:
    """The Lua call alone, from one process: the ceiling's r, with as many threads as call at once in the server."""
    for threads in THREADS:
        found = json.loads(server.run_inside("calls", str(threads), str(seconds)))
        figures.calls_per_second[threads].append(found["per_second"])
        figures.calls_cpu_us[threads].append(found["cpu_us"])


def measure_seats(server: BenchServer, figures: Figures, *, seconds: float, number: int) -> None:
    """Acquire free seats and release them again."""
    share = len(server.acquires) // 4
    start = number % 4 * share
    wanted = server.acquires[start : start + share]
    acquired = server.load(wanted, connections=USUAL, seconds=seconds, expect=201, once=True)
    released = server.load(server.releases(), connections=USUAL, seconds=seconds, once=True)
    figures.rates["acquire", USUAL].append(acquired)
    figures.rates["release", USUAL].append(released)
    server.release_all()


def measure_populations(few: BenchServer, many: BenchServer, figures: Figures, *, seconds: float) -> None:
    """Heartbeats among few and among many sessions: A B B A."""
    for servers in ((few, many), (many, few)):
        for server in servers:
            rate = server.load(server.beats, connections=USUAL, seconds=seconds)
            (figures.few if server is few else figures.many).append(rate)
