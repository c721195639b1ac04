"""The supervised programs of our own: web, worker, deliverer and beat, and the one-shot that prepares the database."""

import json
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from coditect.local import process
from coditect.local.errors import LocalError
from coditect.local.options import ROOT

GUNICORN = ("-m", "gunicorn", "-c", "coditect/gunicorn_conf.py", "coditect.wsgi")
# Without gossip and mingle a lone worker does not wait for others that do not exist.
_CELERY = ("-m", "celery", "-A", "coditect", "worker", "-P", "threads")
_ALONE = ("--without-gossip", "--without-mingle", "--loglevel", "INFO")
WORKER = (*_CELERY, "--concurrency", "4", "-n", "worker@%h", *_ALONE)
# Its threads wait for customers' receivers, some of which hang; what it has not begun is another deliverer's.
DELIVERER = (
    *(*_CELERY, "--concurrency", "32", "-n", "deliverer@%h"),
    *("-Q", "webhooks", "--prefetch-multiplier", "1", *_ALONE),
)
BEAT = ("-m", "celery", "-A", "coditect", "beat", "--loglevel", "INFO", "--pidfile", "")
PREPARE = ("-m", "coditect.local.prepare")


class Program:
    """A Python program that runs until it is stopped."""

    stop_signal = signal.SIGTERM
    stop_seconds = 10.0

    def __init__(self, name: str, arguments: Sequence[str | Path], *, env: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None
        self._arguments = arguments
        self._env = env
        self._log_start = 0

    def launch(self) -> None:
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        # SIGKILL, because a supervisor that was killed must not leave a program that takes its time.
        self.process = process.spawn(
            [sys.executable, *self._arguments], log=self.log, death_signal=signal.SIGKILL, env=self._env, cwd=ROOT
        )

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def log_tail(self) -> str:
        return process.tail(self.log, since=self._log_start)


@dataclass(frozen=True, kw_only=True)
class Demo:
    """The demo accounts and license that the database was seeded with."""

    user_email: str
    user_password: str
    admin_email: str
    admin_password: str
    license_key: str


def prepare_database(*, env: Mapping[str, str], log: Path) -> Demo:
    """Migrate and seed in a child process, since coditect.local imports no app.

    Raises LocalError with the end of the log when that fails.
    """
    start = log.stat().st_size if log.exists() else 0
    command = process.child_command([sys.executable, *PREPARE], death_signal=signal.SIGKILL)
    with log.open("ab") as errors:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, env=env, cwd=ROOT, check=False
        )
    lines = done.stdout.decode().strip().splitlines()
    if done.returncode != 0 or not lines:
        raise LocalError(
            f"The database could not be migrated and seeded. The end of {log}:\n{process.tail(log, since=start)}"
        )
    return Demo(**json.loads(lines[-1]))
