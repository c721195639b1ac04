"""Starts a dead child again, at once the first time and ever later if it keeps dying."""

from pathlib import Path
from typing import Protocol

from coditect.local.console import Console
from coditect.local.errors import LocalError
from coditect.local.process import Stoppable, exit_reason

DELAYS_SECONDS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
STEADY_SECONDS = 30.0


class Child(Stoppable, Protocol):
    """An embedded server or a program of ours."""

    name: str
    log: Path

    @property
    def is_running(self) -> bool: ...
    def launch(self) -> None: ...
    def log_tail(self) -> str: ...


class Keeper:
    """Watches one child that has been launched."""

    def __init__(self, child: Child, *, console: Console, now: float) -> None:
        self.child = child
        self._console = console
        self._launched_at = now
        self._restarts = 0
        self._due_at: float | None = None

    def tend(self, *, now: float) -> None:
        """Notice a death, and launch again once the delay is over. Call it a few times each second."""
        if self.child.is_running:
            return
        if self._due_at is None:
            self._schedule(now=now)
        if self._due_at is not None and now >= self._due_at:
            self._launch(now=now)

    def _schedule(self, *, now: float) -> None:
        if now - self._launched_at >= STEADY_SECONDS:
            self._restarts = 0
        delay = DELAYS_SECONDS[min(self._restarts, len(DELAYS_SECONDS) - 1)]
        self._due_at = now + delay
        code = self.child.process.returncode if self.child.process is not None else 0
        when = f" in {delay:g} s" if delay else ""
        self._console.say(f"{self.child.name} ended ({exit_reason(code)}); starting it again{when}.")
        if code > 0:
            self._console.say(f"The end of {self.child.log}:\n{self.child.log_tail()}")

    def _launch(self, *, now: float) -> None:
        self._restarts += 1
        self._launched_at = now
        self._due_at = None
        try:
            self.child.launch()
        except LocalError as error:
            # Still not running, so that the next turn schedules another try.
            self._console.say(str(error))
