"""Only the web server of this very start counts as ready."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from coditect.local import readiness


class Answer(BaseHTTPRequestHandler):
    """Says what the test told its server to say."""

    server: Any

    def do_GET(self) -> None:
        status, headers, body = self.server.answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Any]:
    with HTTPServer(("127.0.0.1", 0), Answer) as listening:
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield listening
        listening.shutdown()
        thread.join()


def ask(server: Any, *, status: int = 200, instance: str = "ours", body: Any) -> readiness.Readiness | None:
    text = body if isinstance(body, str) else json.dumps(body)
    server.answer = (status, {readiness.INSTANCE_HEADER: instance}, text)
    return readiness.ask(port=server.server_port, instance="ours")


class TestAsk:
    def test_believes_our_own_server(self, server: Any) -> None:
        report = ask(server, body={"degraded": []})
        assert report is not None
        assert report.is_complete

    def test_tells_what_is_degraded(self, server: Any) -> None:
        report = ask(server, body={"degraded": ["worker"]})
        assert report is not None
        assert report.is_ready
        assert not report.is_complete
        assert report.degraded == ("worker",)

    def test_tells_unready_from_ready(self, server: Any) -> None:
        report = ask(server, status=503, body={"error": "not migrated"})
        assert report is not None
        assert not report.is_ready

    def test_does_not_take_another_server_for_ours(self, server: Any) -> None:
        assert ask(server, instance="theirs", body={"degraded": []}) is None

    def test_survives_nonsense(self, server: Any) -> None:
        assert ask(server, body="<html>") is None

    def test_survives_silence(self) -> None:
        assert readiness.ask(port=1, instance="ours") is None
