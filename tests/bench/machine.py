"""The machine that is measured on: its description without names, and the processor time of its processes."""

import os
import platform
import subprocess
from pathlib import Path

from coditect.local.postgres import find_binaries
from coditect.local.valkey import find_binary

TICKS = os.sysconf("SC_CLK_TCK")
UTIME, STIME = 11, 12


def cpu_seconds(pid: int) -> float:
    """The processor time that a process has used, all of its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[UTIME]) + int(fields[STIME])) / TICKS


def only_child(pid: int) -> int:
    """The one child of a process: gunicorn's single worker."""
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return int(child)


def describe() -> list[str]:
    """A line each for processor, memory, kernel, Python, Valkey and PostgreSQL."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return [
        f"Processor: {os.cpu_count()} cores, {_processor()}",
        f"Memory: {memory:.0f} GiB",
        f"Kernel: {platform.system()} {platform.release().partition('-')[0]}",
        f"Python: {platform.python_version()}",
        f"Valkey: {_version(find_binary())}",
        f"PostgreSQL: {_version(find_binaries() / 'postgres')}",
        f"Load average when the run began: {os.getloadavg()[0]:.1f}",
    ]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _version(program: Path) -> str:
    """The first word of `--version` that begins with a digit."""
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    return next(word.removeprefix("v=") for word in done.stdout.split() if word.removeprefix("v=")[0].isdigit())
