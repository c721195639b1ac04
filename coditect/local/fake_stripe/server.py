"""The fake Stripe as a server: its API and pages over HTTP, and a thread that lets time pass and delivers events.

Python's own http.server, because nothing else is needed on a loopback address, and because a fault has to break a
connection in the middle of an answer, which no WSGI server would let it do.
"""

import http.client
import logging
import os
import socket
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

from coditect.local.fake_stripe.deliveries import Delivery
from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.pages import dispatch
from coditect.local.ports import LOOPBACK

POLL_SECONDS = 0.1
ENDPOINT_SECONDS = 10.0
# Longer than any client waits.
NEVER_SECONDS = 120.0
MOST_BYTES = 1_000_000
PID_HEADER = "X-Fake-Stripe"

logger = logging.getLogger(__name__)


class FakeStripeServer(ThreadingHTTPServer):
    """Serves one account on the loopback address."""

    daemon_threads = True

    def __init__(self, fake: FakeStripe, *, port: int) -> None:
        super().__init__((LOOPBACK, port), _Handler)
        self.fake = fake
        self.fake.world.url = self.url
        self.is_stopping = Event()
        self.has_news = Event()
        self._courier = Thread(target=self._deliver, name="courier", daemon=True)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.server_address[1]}"

    def serve_forever(self, poll_interval: float = 0.5) -> None:
        """Serve until `shutdown` is called from another thread."""
        self._courier.start()
        super().serve_forever(poll_interval)

    def server_close(self) -> None:
        self.is_stopping.set()
        self.has_news.set()
        super().server_close()

    def _deliver(self) -> None:
        """Let time pass, and bring events to their endpoints one after the other, until the server stops."""
        while not self.is_stopping.is_set():
            self.has_news.wait(POLL_SECONDS)
            self.has_news.clear()
            try:
                self.fake.tick()
                self.fake.deliver(post)
            except Exception:
                # A defect in one event must not keep the others from coming.
                logger.exception("Time or deliveries went wrong.")


def post(delivery: Delivery) -> int:
    """Bring an event to its endpoint and return the HTTP status. Raises OSError without an answer."""
    parts = urlsplit(delivery.url)
    # Not urllib: it would send this through a proxy named in the environment.
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=ENDPOINT_SECONDS)
    try:
        connection.request("POST", parts.path, body=delivery.body, headers=delivery.headers)
        status = connection.getresponse().status
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()
    logger.info("%s %s to %s: %s", delivery.type, delivery.event_id, delivery.url, status)
    return status


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one packet: in two, the second waits for the client's acknowledgement of the first, 40 ms.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: FakeStripeServer

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def do_DELETE(self) -> None:
        self._serve("DELETE")

    def _serve(self, method: str) -> None:
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), MOST_BYTES)).decode(errors="replace")
        path = urlsplit(self.path).path
        if path.startswith("/v1/"):
            self._serve_api(method, body)
        elif self._is_foreign():
            self._send(HTTPStatus.FORBIDDEN, "Only from this server's own pages.", {"Content-Type": "text/plain"})
        else:
            page = dispatch.respond(self.server.fake, method, path, body)
            headers = {"Content-Type": page.content_type} | ({"Location": page.location} if page.location else {})
            self._send(page.status, page.body, headers)
        self.server.has_news.set()

    def _serve_api(self, method: str, body: str) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.fake.handle(method, self.path, headers, body)
        if answer.is_late:
            self.server.is_stopping.wait(NEVER_SECONDS)
        if answer.is_late or answer.is_lost:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._send(answer.status, answer.body, answer.headers)

    def _is_foreign(self) -> bool:
        """Another site's page in the same browser, or a foreign name for this address, may not press our buttons."""
        port = self.server.server_address[1]
        own = {f"{LOOPBACK}:{port}", f"localhost:{port}"}
        origin = self.headers.get("Origin")
        return self.headers.get("Host") not in own or (origin is not None and urlsplit(origin).netloc not in own)

    def _send(self, status: int, body: str, headers: dict[str, str]) -> None:
        content = body.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header(PID_HEADER, str(os.getpid()))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (http.server's name)
        logger.info(format, *args)
