"""A TCP proxy on the loopback address that can be slow, cut connections, or lead somewhere else."""

import contextlib
import random
import socket
import threading
import time

from coditect.local.ports import LOOPBACK

CHUNK = 65536


class Proxy:
    """Passes bytes to a port; `delay` seconds late, and cutting a share of `resets` of the messages."""

    def __init__(self, target: int) -> None:
        self._target: int | None = target
        self._lock = threading.Lock()
        self.delay = 0.0
        self.resets = 0.0
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def lead_to(self, target: int | None) -> None:
        """Close every connection, and let new ones lead to another port; None: nowhere."""
        with self._lock:
            self._target = target
            for connection in list(self._open):
                _close(connection)

    def close(self) -> None:
        """Stop listening and close every connection."""
        _close(self._listener)
        self.lead_to(None)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            # Not beside a switch: a connection to the old port would live on, and two primaries be used at once.
            with self._lock:
                server = self._connect()
                if server is None:
                    _close(client)
                    continue
                self._open |= {client, server}
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pass, args=(source, sink), daemon=True).start()

    def _connect(self) -> socket.socket | None:
        if self._target is None:
            return None
        try:
            server = socket.create_connection((LOOPBACK, self._target), timeout=5)
        except OSError:
            return None
        server.settimeout(None)
        return server

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK):
                if self.delay:
                    time.sleep(self.delay)
                if self.resets and random.random() < self.resets:
                    break
                sink.sendall(data)
        for connection in (source, sink):
            self._open.discard(connection)
            _close(connection)


def _close(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
