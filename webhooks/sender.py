"""Sends one signed body to one customer's receiver, and tells what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass

SECONDS = 15.0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came of a try. `error` is "" where the receiver took it, else a short word (see ERRORS).

    `response_start` is the first KB of the answer's body, `retry_after` that header as it came, "" without one.
    """

    error: str
    status_code: int | None = None
    duration_ms: int = 0
    response_start: str = ""
    retry_after: str = ""


def send(url: str, body: bytes, headers: Mapping[str, str], *, deadline: float = SECONDS) -> Answer:
    """POST a JSON body; never raises. `deadline` is in seconds, from the first question to the DNS to the last byte."""
    raise NotImplementedError
