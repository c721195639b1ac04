"""The fake Stripe as one of the supervisor's embedded servers."""

import http.client
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from coditect.local.files import kept_secret, write_private
from coditect.local.options import ROOT
from coditect.local.ports import LOOPBACK
from coditect.local.server import Server

PID_HEADER = "X-Fake-Stripe"
SETTINGS = "settings.json"
ENDPOINT_PATH = "/api/v1/webhooks/stripe/"


class EmbeddedStripe(Server):
    """Keeps its account in the directory and sends its events to our own web server."""

    name = "fake Stripe"
    stop_signal = signal.SIGTERM
    working_directory = ROOT

    def __init__(self, directory: Path | str, *, web_port: int, log: Path | None = None) -> None:
        super().__init__(directory, log=log)
        self._web_port = web_port

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def key(self) -> str:
        """The secret key that its clients send."""
        return f"sk_test_{self.password}"

    @property
    def endpoint_secret(self) -> str:
        """The secret that its events are signed with."""
        return f"whsec_{kept_secret(self.directory / 'endpoint-secret')}"

    def _prepare(self) -> Sequence[str | Path]:
        settings = {
            "port": self.port,
            "key": self.key,
            "endpoint": f"http://{LOOPBACK}:{self._web_port}{ENDPOINT_PATH}",
            "endpoint_secret": self.endpoint_secret,
        }
        write_private(self.directory / SETTINGS, json.dumps(settings))
        return [sys.executable, "-m", "coditect.local.fake_stripe", self.directory]

    def _accepts(self) -> bool:
        """Ask for a page; the answer names the process that gave it."""
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=1)
        try:
            connection.request("GET", "/")
            return connection.getresponse().getheader(PID_HEADER) == str(self.pid)
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
