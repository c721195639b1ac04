"""An embedded server in a directory of its own: what PostgreSQL and Valkey have in common."""

import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from coditect.local import ports, process
from coditect.local.errors import LocalError
from coditect.local.files import kept_secret, try_lock

POLL_SECONDS = 0.01


class Server(ABC):
    """Start, stop, kill and restart one server on one port and one directory.

    Every method that fails raises LocalError with a sentence for the user.
    """

    name: str
    stop_signal: signal.Signals
    ready_seconds = 60.0
    stop_seconds = 10.0
    predecessor_seconds = 15.0
    working_directory: Path | None = None

    def __init__(self, directory: Path | str, *, port: int | None = None, log: Path | None = None) -> None:
        self.directory = Path(directory).absolute()
        self.log = log or self.directory / "server.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.identity = process.Identity.OURS
        self._port = port
        self._log_start = 0

    @property
    @abstractmethod
    def url(self) -> str: ...

    @abstractmethod
    def _prepare(self) -> Sequence[str | Path]:
        """Make the directory ready and return the server's command."""

    @abstractmethod
    def _accepts(self) -> bool: ...

    @property
    def port(self) -> int:
        if self._port is None:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._port = ports.choose(remembered=self.directory / "port")
        return self._port

    @property
    def password(self) -> str:
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        return kept_secret(self.directory / "password")

    @property
    def pid(self) -> int:
        if self.process is None:
            raise LocalError(f"{self.name} in {self.directory} was never started.")
        return self.process.pid

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start and return when the server accepts connections."""
        self.launch()
        self.wait_ready()

    def launch(self) -> None:
        """Start without waiting, so that several servers can get ready at once."""
        if self.is_running:
            return
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = self._lock_directory()
        try:
            if not ports.is_free(self.port):
                raise LocalError(
                    f"Port {self.port}, meant for {self.name}, is taken by another program. Stop it and try again."
                )
            command = self._prepare()
            self._log_start = self.log.stat().st_size if self.log.exists() else 0
            self.process = process.spawn(
                command,
                log=self.log,
                death_signal=self.stop_signal,
                identity=self.identity,
                cwd=self.working_directory,
                keep_open=[lock],
            )
        finally:
            os.close(lock)

    def _lock_directory(self) -> int:
        """Lock the directory for the server, which inherits the lock: two servers must never share one.

        A predecessor that is just ending, or a killed one's last helper processes, are waited for.
        """
        deadline = time.monotonic() + self.predecessor_seconds
        while (lock := try_lock(self.directory / "lock")) is None:
            if time.monotonic() > deadline:
                raise LocalError(
                    f"Another {self.name} is still running in {self.directory}. "
                    "Stop the program that started it, or choose another directory with CODITECT_DATA_DIR."
                )
            time.sleep(POLL_SECONDS)
        return lock

    def wait_ready(self) -> None:
        deadline = time.monotonic() + self.ready_seconds
        while not self._accepts():
            if not self.is_running or time.monotonic() > deadline:
                self.kill()
                raise LocalError(f"{self.name} did not start. The end of {self.log}:\n{self.log_tail()}")
            time.sleep(POLL_SECONDS)

    def log_tail(self) -> str:
        return process.tail(self.log, since=self._log_start)

    def stop(self) -> None:
        """Shut down cleanly; SIGKILL for one that does not end in time."""
        process.stop_all([self])

    def kill(self) -> None:
        """End the server as a crash would: no farewell, nothing flushed."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def restart(self) -> None:
        """Start again on the same port and directory, after a stop or a kill."""
        self.stop()
        self.start()
