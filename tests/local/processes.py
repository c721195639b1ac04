"""Looks at real processes, and waits for what they do."""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

DEADLINE_SECONDS = 180.0


def wait_until(condition: Callable[[], object], *, seconds: float = DEADLINE_SECONDS) -> None:
    """Poll until the condition holds; fail at the deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the awaited event did not come"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    """A zombie is dead; only its parent has not asked yet."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def descendants(pid: int) -> set[int]:
    """All living processes below this one."""
    parents = dict(_parents())
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return {child for child in found - {pid} if is_alive(child)}


def child_named(pid: int, *words: str) -> int:
    """The direct child whose command line has all the words; 0 when there is none."""
    for child, parent in _parents():
        if parent == pid and is_alive(child) and all(word in _command_line(child) for word in words):
            return child
    return 0


def output_of(process: subprocess.Popen[str]) -> str:
    """What it printed until its end, both streams."""
    return process.communicate(timeout=DEADLINE_SECONDS)[0]


def _parents() -> Iterator[tuple[int, int]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            yield int(entry.name), int(fields[1])


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""
