"""Asks our own web server whether it is ready, and nobody else's."""

import http.client
import json
from dataclasses import dataclass

from coditect.local.ports import LOOPBACK

PATH = "/api/v1/health/ready/"
INSTANCE_HEADER = "X-Coditect-Instance"
ANSWER_SECONDS = 3.0


@dataclass(frozen=True, kw_only=True)
class Readiness:
    """The web server's own report."""

    is_ready: bool
    degraded: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        return self.is_ready and not self.degraded


def ask(*, port: int, instance: str) -> Readiness | None:
    """Return the report; None when nothing answers yet, or a server that does not know the nonce of this start."""
    # Not urllib: it would send this through a proxy named in the environment.
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", PATH)
        response = connection.getresponse()
        if response.getheader(INSTANCE_HEADER) != instance:
            return None
        body = json.loads(response.read())
        return Readiness(is_ready=response.status == http.HTTPStatus.OK, degraded=tuple(body.get("degraded", ())))
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
