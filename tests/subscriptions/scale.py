"""How much the tests of convergence try: a sample in every run, all of it by `python -m tests.subscriptions`."""

from dataclasses import dataclass


@dataclass
class Scale:
    """So many orders of events, random histories, and intents whose answers are dropped."""

    orders: int = 12
    histories: int = 6
    intents: int = 20
    first_seed: int = 1


current = Scale()
FULL = Scale(orders=5040, histories=2000, intents=1000)
