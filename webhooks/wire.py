"""A connection on which nothing lasts longer than a deadline, and nothing is longer than a limit.

Python's time-outs bound one wait; a peer that drips bytes has as many as it likes. Here each read and write gets the
time that is left of all of them, and after so many bytes the peer's end is reached, whatever it still sends.
"""

import io
import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

WRITE_BYTES = 16 * 1024


class TimeIsUp(TimeoutError):
    """The deadline is over."""


class Deadline:
    """A moment, so many seconds from now."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds

    def seconds_left(self) -> float:
        """More than none, since a time-out of 0 would mean not to wait at all. Raises TimeIsUp."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeIsUp
        return left


class Wire:
    """What http.client needs of a socket. Closing it is left to who opened the socket."""

    def __init__(self, connected: socket.socket, deadline: Deadline, *, limit: int) -> None:
        self.incoming = Incoming(connected, deadline, limit)
        self._socket = connected
        self._deadline = deadline

    def sendall(self, data: bytes) -> None:
        """Write it all. Raises OSError."""
        rest = memoryview(data)
        while rest:
            self._socket.settimeout(self._deadline.seconds_left())
            rest = rest[self._socket.send(rest[:WRITE_BYTES]) :]

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What comes in, as a file."""
        return io.BufferedReader(self.incoming)

    def close(self) -> None:
        """Nothing: http.client closes before it has read the answer."""


class Incoming(io.RawIOBase):
    """What the peer sends, up to the limit; `has_ended` when there is no more, `is_cut` when that is our doing."""

    def __init__(self, connected: socket.socket, deadline: Deadline, limit: int) -> None:
        self.has_ended = self.is_cut = False
        self._socket = connected
        self._deadline = deadline
        self._left = limit

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Read what there is, waiting for the first byte. Raises OSError."""
        room = memoryview(buffer)[: self._left]
        self._socket.settimeout(self._deadline.seconds_left())
        count = self._socket.recv_into(room) if room else 0
        self._left -= count
        self.is_cut = self.is_cut or not room
        self.has_ended = self.has_ended or not count
        return count
