"""Clocks that are wrong by minutes: each service asks libfaketime, which reads how far to be off from a file.

The library comes as a binary for Linux on x86-64; elsewhere no clock can be moved.
"""

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

TEN_MINUTES = 600.0


def can_be_moved() -> bool:
    """Whether this machine can run the library."""
    return (sys.platform, platform.machine()) == ("linux", "x86_64")


def _library() -> Path:
    """The library itself; its Python package would restart our own process."""
    spec = find_spec("libfaketime")
    assert spec is not None, "libfaketime is not installed: make test installs it"
    assert spec.origin is not None
    return Path(spec.origin).parent / "vendor" / "libfaketime" / "src" / "libfaketime.so.1"


@dataclass(frozen=True)
class Clock:
    """The wall clock of the processes that were started with `env`; how time passes stays as it is."""

    path: Path
    # A process may look again only so often; 0 = at each reading, which is dear to one with many threads.
    cached_seconds: int = 0

    @property
    def ahead(self) -> float:
        """By how many seconds it is ahead of the true time."""
        return float(self.path.read_text(encoding="ascii")) if self.path.exists() else 0.0

    def step(self, ahead: float) -> None:
        """Jump to so many seconds ahead of the true time, or behind it."""
        draft = self.path.with_suffix(".new")
        draft.write_text(f"{ahead:+.0f}", encoding="ascii")
        draft.chmod(0o644)
        draft.replace(self.path)

    @property
    def env(self) -> dict[str, str]:
        """What a process is told so that this is its clock."""
        return {
            "LD_PRELOAD": str(_library()),
            "FAKETIME_TIMESTAMP_FILE": str(self.path),
            "FAKETIME_NO_CACHE": "0" if self.cached_seconds else "1",
            "FAKETIME_CACHE_DURATION": str(self.cached_seconds),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    @contextmanager
    def inherited(self) -> Iterator[None]:
        """Inside, processes that inherit our environment are started with this clock."""
        before = dict(os.environ)
        os.environ.update(self.env)
        try:
            yield
        finally:
            for name in self.env.keys() - before.keys():
                del os.environ[name]


class Clocks:
    """Three clocks of their own: that of web, worker and beat, that of PostgreSQL, and that of Redis."""

    def __init__(self, directory: Path) -> None:
        self.web = Clock(directory / "web.clock", cached_seconds=1)
        self.postgres, self.redis = (Clock(directory / f"{name}.clock") for name in ("postgres", "redis"))

    def set_right(self) -> None:
        """All show the true time."""
        for clock in (self.web, self.postgres, self.redis):
            clock.step(0)
