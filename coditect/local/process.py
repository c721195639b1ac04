"""Starts a program in a session of its own that does not outlive us, and stops it again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Protocol

_CHILD = Path(__file__).with_name("child.py")
TAIL_LINES = 12


class Identity(StrEnum):
    """Whom a program runs as. PostgreSQL refuses to be root."""

    OURS = "ours"
    NAMESPACE = "namespace"
    NOBODY = "nobody"


def child_command(
    command: Sequence[str | Path], *, death_signal: signal.Signals, identity: Identity = Identity.OURS
) -> list[str]:
    """Wrap a command (its program an absolute path) so that the kernel ends it when this process dies."""
    launcher = [sys.executable, "-I", "-S", str(_CHILD), str(os.getpid()), str(int(death_signal)), identity]
    return [*launcher, *map(str, command)]


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path,
    death_signal: signal.Signals,
    identity: Identity = Identity.OURS,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    keep_open: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a program whose output goes to a log file.

    Call it from the main thread: the kernel takes the death of the thread that started a child for its parent's.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            child_command(command, death_signal=death_signal, identity=identity),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
            pass_fds=keep_open,
            start_new_session=True,
        )


class Stoppable(Protocol):
    """Anything with a process that has a polite way to end."""

    process: subprocess.Popen[bytes] | None
    stop_signal: signal.Signals
    stop_seconds: float


def stop_all(children: Sequence[Stoppable]) -> None:
    """End them all at once, politely; after their grace with SIGKILL."""
    running = [(child, child.process) for child in children if child.process and child.process.poll() is None]
    deadlines = [time.monotonic() + child.stop_seconds for child, _ in running]
    for child, process in running:
        process.send_signal(child.stop_signal)
    for (_, process), deadline in zip(running, deadlines, strict=True):
        try:
            process.wait(timeout=max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def tail(log: Path, *, since: int = 0) -> str:
    """The last lines that a program wrote after the byte `since`, indented for the terminal."""
    try:
        text = log.read_bytes()[since:].decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(f"    {line}" for line in text.splitlines()[-TAIL_LINES:])


def exit_reason(code: int) -> str:
    """`signal SIGKILL` or `exit code 3`."""
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
