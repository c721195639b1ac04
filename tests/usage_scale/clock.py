"""How long something took."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long what is inside took."""
    began = time.perf_counter()
    yield
    tell(what, time.perf_counter() - began)


def tell(what: str, seconds: float) -> None:
    """A line."""
    sys.stdout.write(f"{what:60} {seconds:10.3f} s\n")
    sys.stdout.flush()
