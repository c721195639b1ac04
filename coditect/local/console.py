"""What the terminal shows; everything the children say goes to their log files instead."""

import sys
import time
from contextlib import suppress


class Console:
    """Writes lines to the terminal; one that has gone away is no reason to fail."""

    def __init__(self) -> None:
        self._started_at = time.monotonic()

    def say(self, text: str) -> None:
        with suppress(OSError):
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()

    def progress(self, text: str) -> None:
        """A line with the seconds since the start."""
        self.say(f"  {time.monotonic() - self._started_at:5.1f} s  {text}")
