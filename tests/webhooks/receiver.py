"""A customer's receiver, as a real server on loopback; no Django in it, so that `make prove` has it, too."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Reply:
    """What a receiver answers."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b"taken"


class Receiver(ThreadingHTTPServer):
    """Keeps what it gets in `requests`; answers with `replies` one after the other, then with `always`.

    While `may_answer` is not set, it hangs.
    """

    daemon_threads = True
    # Ten at once, at least: the default queue of five would make some wait for a second.
    request_queue_size = 50

    def __init__(self, *, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.replies: list[Reply] = []
        self.always = Reply()
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.was_asked = threading.Event()
        self.came = threading.Condition()
        self.on_request: Callable[[dict[str, Any]], None] | None = None
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}/hook"

    @property
    def ids(self) -> list[str]:
        """The ids of what it was sent, in order."""
        return [headers["webhook-id"] for headers, _ in list(self.requests)]

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """What it was sent, in order."""
        return [json.loads(body) for _, body in list(self.requests)]

    def until(self, count: int) -> bool:
        """Wait until it has got so many; return whether it did."""
        with self.came:
            return self.came.wait_for(lambda: len(self.requests) >= count, PATIENCE_SECONDS)

    def until_id(self, event_id: str) -> bool:
        """Wait until it has got this one; return whether it did."""
        with self.came:
            return self.came.wait_for(lambda: self.ids[-1:] == [event_id], PATIENCE_SECONDS)

    def close(self) -> None:
        """Stop; whoever hangs is let go."""
        self.may_answer.set()
        self.shutdown()
        self.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: Receiver
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.came:
            self.server.requests.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.server.came.notify_all()
        self.server.was_asked.set()
        if self.server.on_request is not None:
            self.server.on_request(json.loads(body))
        self.server.may_answer.wait(PATIENCE_SECONDS)
        reply = self.server.replies.pop(0) if self.server.replies else self.server.always
        self.send_response(reply.status)
        for name, value in (*reply.headers, ("Content-Length", str(len(reply.body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@contextmanager
def receiving(count: int = 1) -> Iterator[list[Receiver]]:
    """So many receivers."""
    receivers = [Receiver() for _ in range(count)]
    try:
        yield receivers
    finally:
        for receiver in receivers:
            receiver.close()
