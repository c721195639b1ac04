"""Sends one signed body to one customer's receiver, and tells what came of it.

The socket is ours from the first byte to the last, and leads to an address that was checked. So there is no redirect,
proxy, cookie, second look-up or decompression that somebody would have to remember to switch off.
"""

import http.client
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from http import HTTPStatus
from typing import cast

from django.conf import settings

from webhooks import names
from webhooks.addresses import AddressRefused, Receiver, reach, read
from webhooks.networks import Address
from webhooks.wire import Deadline, Incoming, Wire

SECONDS = 15.0
# Of the whole answer, its head included.
LARGEST_ANSWER = 64 * 1024
KEPT_BYTES = 1024
LONGEST_RETRY_AFTER = 64
# The time is shared out among those that are tried, and a name may have hundreds.
MOST_ADDRESSES = 4
ERRORS = {
    "address_refused": "the URL leads to no address on the public internet, or its name servers do not answer",
    "connect_failed": "nobody takes connections there",
    "certificate_invalid": "the certificate is not valid, or not for this host",
    "tls_failed": "the TLS handshake failed",
    "timed_out": "there was no complete answer in time",
    "connection_lost": "the connection ended before the answer did",
    "answer_malformed": "what came back is not HTTP",
    "redirected": "the answer is a redirect, and none is followed",
    "not_accepted": "the answer's status is not a success",
}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came of a try. `error` is "" where the receiver took it, else one of ERRORS.

    `response_start` is the first KB of the answer's body, `retry_after` that header as it came, "" without one.
    """

    error: str
    status_code: int | None = None
    duration_ms: int = 0
    response_start: str = ""
    retry_after: str = ""


class Failure(Exception):
    """No answer, or half of one; `error` is one of ERRORS. What libraries say is left out: they quote what came."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


def send(url: str, body: bytes, headers: Mapping[str, str], *, deadline: float = SECONDS) -> Answer:
    """POST a JSON body; whatever goes wrong is an answer, too. `deadline` is in seconds, for everything together."""
    began = time.monotonic()
    try:
        answer = _send(url, body, headers, Deadline(deadline))
    except Failure as failure:
        answer = Answer(error=failure.error)
    return replace(answer, duration_ms=round((time.monotonic() - began) * 1000))


def _send(url: str, body: bytes, headers: Mapping[str, str], deadline: Deadline) -> Answer:
    with _failures("connection_lost"):
        receiver = read(url)
        addresses = reach(receiver, seconds=min(deadline.seconds_left(), names.SECONDS))
        with _connected(receiver, addresses, deadline) as connected:
            wire = Wire(connected, deadline, limit=LARGEST_ANSWER)
            _write(wire, receiver, body, headers)
            return _answer(wire)


@contextmanager
def _failures(usual: str) -> Iterator[None]:
    """Give each error of the libraries its word; `usual` is that of a connection in the present phase."""
    try:
        yield
    except AddressRefused:
        raise Failure("address_refused") from None
    except TimeoutError:
        raise Failure("timed_out") from None
    except ssl.SSLCertVerificationError:
        raise Failure("certificate_invalid") from None
    except OSError:
        raise Failure(usual) from None
    except http.client.HTTPException:
        raise Failure("answer_malformed") from None


def _connected(receiver: Receiver, addresses: list[Address], deadline: Deadline) -> socket.socket:
    """A connection to the first address that takes one, encrypted where the URL says so."""
    with _failures("connect_failed"):
        plain = _first(receiver.port, addresses[:MOST_ADDRESSES], deadline)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if receiver.scheme == "http":
        return plain
    try:
        with _failures("tls_failed"):
            plain.settimeout(deadline.seconds_left())
            return tls().wrap_socket(plain, server_hostname=receiver.host)
    except Failure:
        plain.close()
        raise


def _first(port: int, addresses: list[Address], deadline: Deadline) -> socket.socket:
    """A connection to one of them; each has its share of the time that is left."""
    *others, last = addresses
    for shares, address in zip(range(len(addresses), 1, -1), others, strict=True):
        with suppress(OSError):
            return socket.create_connection((str(address), port), timeout=deadline.seconds_left() / shares)
    return socket.create_connection((str(last), port), timeout=deadline.seconds_left())


@cache
def tls() -> ssl.SSLContext:
    """The system's authorities, TLS 1.2 or newer."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _write(wire: Wire, receiver: Receiver, body: bytes, headers: Mapping[str, str]) -> None:
    connection = http.client.HTTPConnection(receiver.host, receiver.port)
    connection.sock = cast(socket.socket, wire)
    ours = {
        "Host": receiver.host_header,
        "User-Agent": f"CODITECT-Webhooks/{settings.CODITECT_VERSION}",
        "Connection": "close",
        "Content-Type": "application/json",
    }
    connection.request("POST", receiver.target, body, {**ours, **headers})


def _answer(wire: Wire) -> Answer:
    response = http.client.HTTPResponse(cast(socket.socket, wire), method="POST")
    response.begin()
    if wire.incoming.has_ended:
        # http.client takes half a head for a whole one.
        raise Failure("answer_malformed" if wire.incoming.is_cut else "connection_lost")
    start, broken = _body(response, wire.incoming)
    return Answer(
        error=_error_of(response.status) or broken,
        status_code=response.status,
        response_start=start[:KEPT_BYTES].decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}"),
        retry_after=(response.headers["Retry-After"] or "")[:LONGEST_RETRY_AFTER],
    )


def _body(response: http.client.HTTPResponse, incoming: Incoming) -> tuple[bytes, str]:
    """The body as it came, and what was wrong with it. That it is longer than we read is nothing wrong."""
    try:
        with _failures("connection_lost"):
            body, is_whole = _read(response)
    except Failure as failure:
        return b"", failure.error
    if is_whole or incoming.is_cut:
        return body, ""
    return body, "connection_lost" if incoming.has_ended else "answer_malformed"


def _read(response: http.client.HTTPResponse) -> tuple[bytes, bool]:
    """The body up to our limit, and whether that is all of it."""
    try:
        body = response.read(LARGEST_ANSWER)
    except http.client.IncompleteRead as half:
        return half.partial, False
    except ValueError:
        # A chunk of a negative size.
        return b"", False
    return body, not response.length


def _error_of(status: int) -> str:
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return ""
    return "redirected" if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST else "not_accepted"
