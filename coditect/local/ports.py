"""Ports on the loopback address."""

import errno
import socket
import zlib
from pathlib import Path

from coditect.local.errors import LocalError

LOOPBACK = "127.0.0.1"
# Below the range from which the kernel takes ports for outgoing connections: those come and go under us.
_FIRST, _COUNT = 20000, 12000


def is_free(port: int) -> bool:
    """Tell whether a server could listen here now.

    Raises PermissionError for a port below 1024 that this user may not take.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return False
    return True


def choose(*, remembered: Path) -> int:
    """Return a free port: the one used last time if possible, else one derived from the path and remembered there."""
    try:
        port = int(remembered.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        port = _FIRST + zlib.crc32(str(remembered).encode()) % _COUNT
    for step in range(_COUNT):
        candidate = _FIRST + (port - _FIRST + step) % _COUNT
        if is_free(candidate):
            remembered.write_text(str(candidate), encoding="ascii")
            return candidate
    raise LocalError(
        f"No free port between {_FIRST} and {_FIRST + _COUNT} on {LOOPBACK}. Stop some servers and try again."
    )
