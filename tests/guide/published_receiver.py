"""The receiver that docs/webhooks.md publishes, as a process of its own."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from coditect.local import ports
from tests.local.processes import wait_until
from tests.workshop.files import code_block, read

DOCUMENT = "docs/webhooks.md"


class PublishedReceiver:
    """Runs it with a secret; `lines` are what it printed: a type and the data of each event that it took."""

    def __init__(self, directory: Path, secret: str) -> None:
        self.port = ports.choose(remembered=directory / "receiver-port")
        self._log = directory / "receiver.log"
        self._program = directory / "receiver.py"
        self._program.write_text(code_block(read(DOCUMENT), "python"), encoding="utf-8")
        self._secret = secret
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{ports.LOOPBACK}:{self.port}/webhooks"

    @property
    def lines(self) -> list[str]:
        """What it printed, in all its lives."""
        return self._log.read_text(encoding="utf-8").splitlines()

    def start(self) -> None:
        """Start it and return when it listens."""
        environment = {"PATH": os.environ["PATH"], "PORT": str(self.port), "WEBHOOK_SECRET": self._secret}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, self._program], env=environment, stdout=log, stderr=subprocess.DEVNULL
            )
        wait_until(self._listens)

    def stop(self) -> None:
        """Kill it: what it has seen is forgotten."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _listens(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "the receiver ended"
        with socket.socket() as probe:
            return probe.connect_ex((ports.LOOPBACK, self.port)) == 0
