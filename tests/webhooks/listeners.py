"""Servers of a test, down to the bytes: what they do with a connection, how many came, and that the peer went away."""

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress

Conduct = Callable[["Listener", socket.socket], None]
# Far beyond the deadlines of tests: whoever waits longer than its own deadline meets this one.
PATIENCE_SECONDS = 10
DROP_SECONDS = 0.02
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Listener:
    """A server on loopback that treats each connection in the same way."""

    def __init__(
        self, conduct: Conduct, *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
    ) -> None:
        self.connections = 0
        self.requests: list[bytes] = []
        self.saw_close = threading.Event()
        self.stopping = threading.Event()
        self._conduct = conduct
        self._tls = tls
        self._server = socket.create_server((host, port))
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.getsockname()[1])

    def close(self) -> None:
        """Stop; connections end as their peers leave."""
        self.stopping.set()
        self._server.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._server.accept()
                self.connections += 1
                thread = threading.Thread(target=self._serve, args=[connection])
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(PATIENCE_SECONDS)
        try:
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            self._conduct(self, connection)
            while connection.recv(65536):
                pass
            self.saw_close.set()
        except TimeoutError:
            # The peer is still there: its next read ends with the connection, not with its own deadline.
            pass
        except OSError:
            self.saw_close.set()
        connection.close()


def read_request(listener: Listener, connection: socket.socket) -> None:
    """Read one request to its end, and keep it."""
    request = b""
    while b"\r\n\r\n" not in request:
        if not (more := connection.recv(65536)):
            return
        request += more
    head, _, body = request.partition(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    while len(body) < length:
        body += connection.recv(65536)
    listener.requests.append(head + b"\r\n\r\n" + body)


def says(answer: bytes) -> Conduct:
    """Read the request, answer, and end."""

    def conduct(listener: Listener, connection: socket.socket) -> None:
        read_request(listener, connection)
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_WR)

    return conduct


def hangs_after(answer: bytes) -> Conduct:
    """Read the request, send the beginning of an answer, and nothing more."""

    def conduct(listener: Listener, connection: socket.socket) -> None:
        read_request(listener, connection)
        connection.sendall(answer)

    return conduct


def drips(beginning: bytes, drop: bytes) -> Conduct:
    """Read the request, begin to answer, and then send the same few bytes again and again."""

    def conduct(listener: Listener, connection: socket.socket) -> None:
        read_request(listener, connection)
        connection.sendall(beginning)
        for _ in range(round(PATIENCE_SECONDS / DROP_SECONDS)):
            if listener.stopping.wait(DROP_SECONDS):
                return
            connection.sendall(drop)

    return conduct


def floods(beginning: bytes, drop: bytes) -> Conduct:
    """Read the request, begin to answer, and then send as much as the peer takes."""

    def conduct(listener: Listener, connection: socket.socket) -> None:
        read_request(listener, connection)
        connection.sendall(beginning)
        while not listener.stopping.is_set():
            connection.sendall(drop)

    return conduct


def resets(listener: Listener, connection: socket.socket) -> None:
    """Read the request and tear the connection down."""
    read_request(listener, connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    connection.close()


def is_deaf(listener: Listener, connection: socket.socket) -> None:
    """Never read a byte, until the peer is gone."""
    listener.stopping.wait(PATIENCE_SECONDS)
    connection.close()
