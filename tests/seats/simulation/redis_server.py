"""Redis: the product's scripts, run one at a time on data that faults may lose, age or replace."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import lupa.lua51 as lua

from licenses.leases import PRELUDES, source_of
from tests.seats.simulation.referee import Referee
from tests.seats.simulation.world import World

KEYSPACE = Path(__file__).with_name("keyspace.lua").read_text(encoding="ascii")
# So that moments look as they do today.
EPOCH_MS = 1_800_000_000_000
WRITERS = {"beat", "grant", "mark", "seed", "survey"}


@cache
def _runtime() -> Any:
    return lua.LuaRuntime(encoding=None, unpack_returned_tuples=False)


@cache
def _compiled(name: str, changes: tuple[tuple[str, str], ...]) -> Any:
    """A script as a function; a mutant's changes are made wherever their old text stands."""
    source = source_of(name)
    for old, new in changes:
        source = source.replace(old, new)
    return _runtime().execute(f"return function(KEYS, ARGV)\n{source}\nend".encode())


def occurs(text: str) -> bool:
    """Whether a mutant's old text is still in some script."""
    return any(text in source_of(name) for name in PRELUDES)


class Redis:
    """One primary at a time."""

    def __init__(self, *, world: World, referee: Referee, changes: Mapping[str, str]) -> None:
        self.world, self.referee = world, referee
        self._changes = tuple(changes.items())
        self._keyspace = _runtime().execute(KEYSPACE.encode())
        self.clock = 0
        self._births = 0
        self.replid = ""
        self.be_born()
        self.is_down = False
        self.is_paused = False
        # How many commands go astray, and how many of these run after all, when nobody waits.
        self.trouble = 0.0
        self.late_share = 0.0
        self.waiting: list[Callable[[], object]] = []
        # Which license each lease group belongs to.
        self.licenses: dict[str, int] = {}

    def time(self) -> int:
        return EPOCH_MS + self.world.now + self.clock

    def be_born(self) -> None:
        """A restart or a promotion: the replication id is new."""
        self._births += 1
        self.replid = f"{self._births:040x}"

    def snapshot(self) -> Any:
        return self._keyspace[b"snapshot"]()

    def restore(self, snapshot: Any) -> None:
        self._keyspace[b"restore"](snapshot)

    def flush(self) -> None:
        self._keyspace[b"flush"]()

    def lose_facts(self, group: str) -> None:
        self._keyspace[b"lose_facts"](group.encode())

    def run(self, name: str, keys: list[str], arguments: list[str | int]) -> list[Any]:
        """Run a script now."""
        table = _runtime().table_from
        now = self.time()
        reply = self._keyspace[b"run"](
            _compiled(name, self._changes),
            now,
            self.replid.encode(),
            table([key.encode() for key in keys]),
            table([str(argument).encode() for argument in arguments]),
        )
        answer = [int(part) if isinstance(part, float) else part for part in reply.values()]
        if answer[0] == b"ok":
            self._tell(name, keys[0][6:18], now)
        self.world.note(name, *(answer if name == "beat" else answer[:1]))
        return answer

    def _tell(self, name: str, group: str, now: int) -> None:
        if name not in WRITERS:
            return
        scores = self._keyspace[b"scores"](group.encode())
        ends = {
            member.decode(): self.world.now + int(score) - now for member, score in scores.items() if len(member) == 32
        }
        self.referee.leases_are(ends, license_id=self.licenses[group], is_grant=name in ("beat", "grant"))
