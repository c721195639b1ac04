"""How much the tests of convergence try: a sample in every run, all of it by `python -m tests.subscriptions`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")


@dataclass
class Scale:
    """So many orders of events, random histories, and intents whose answers are dropped; `part` of `parts` of them."""

    orders: int = 12
    histories: int = 6
    intents: int = 20
    first_seed: int = 1
    part: int = 0
    parts: int = 1

    def seeds(self, count: int) -> Iterator[int]:
        """This part's share of so many seeds."""
        yield from range(self.first_seed + self.part, self.first_seed + count, self.parts)

    def share(self, all_of_them: Sequence[Item]) -> Sequence[Item]:
        """This part's share, of which neighbours stay together."""
        size = -(-len(all_of_them) // self.parts)
        return all_of_them[self.part * size :][:size]


current = Scale()
FULL = Scale(orders=5040, histories=2000, intents=1000)
