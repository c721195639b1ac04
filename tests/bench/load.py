"""Closed-loop HTTP load over raw sockets: cheap enough that the server is what is measured."""

import gc
import multiprocessing
import random
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from statistics import median

from coditect.local.ports import LOOPBACK
from tests.bench.machine import cpu_seconds

RECEIVE_BYTES = 65536
PERCENTILE = 0.99


@dataclass(frozen=True, kw_only=True)
class Rate:
    """What a load of some seconds came to; `cpu_us` is what one request took of the server's processor."""

    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float


@dataclass(frozen=True, kw_only=True)
class Load:
    """Requests for each connection and for how long; `once` stops a connection that has sent all of its own."""

    port: int
    requests: Sequence[Sequence[bytes]]
    seconds: float
    expect: int = 200
    once: bool = False


def request(method: str, path: str, *, token: str = "", body: str = "") -> bytes:
    """A request as the published clients send it."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if method != "GET":
        lines.append(f"Content-Length: {len(body.encode())}")
    return ("\r\n".join(lines) + f"\r\n\r\n{body}").encode()


def deal(requests: Sequence[bytes], connections: int) -> list[list[bytes]]:
    """Requests for each connection, from a random start on, so that short loads still meet all of them."""
    start = random.randrange(len(requests))
    rotated = [*requests[start:], *requests[:start]]
    if len(rotated) < connections:
        return [rotated] * connections
    return [rotated[number::connections] for number in range(connections)]


def measure(load: Load, *, server_pid: int) -> Rate:
    """Send each connection's requests round and round, from one process beside the server's.

    Raises AssertionError for any other status than the expected one.
    """
    fork = multiprocessing.get_context("fork")
    receiver, sender = fork.Pipe(duplex=False)
    before = cpu_seconds(server_pid)
    driver = fork.Process(target=_drive, args=(load, sender))
    driver.start()
    sender.close()
    try:
        times, failures, elapsed = receiver.recv()
    finally:
        driver.join()
    used = cpu_seconds(server_pid) - before
    if failures or not times:
        raise AssertionError(f"{len(failures)} of {len(times)} answers were not {load.expect}: {failures[:5]}")
    times.sort()
    return Rate(
        per_second=len(times) / elapsed,
        p50_ms=median(times) * 1000,
        p99_ms=times[int(len(times) * PERCENTILE)] * 1000,
        cpu_us=used / len(times) * 1e6,
    )


def _drive(load: Load, answer: Connection) -> None:
    gc.disable()
    times: list[float] = []
    failures: list[int] = []
    start = time.perf_counter()
    threads = [threading.Thread(target=_connection, args=(load, own, start, times, failures)) for own in load.requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answer.send((times, failures, time.perf_counter() - start))


def _connection(load: Load, requests: Sequence[bytes], start: float, times: list[float], failures: list[int]) -> None:
    end = start + load.seconds
    with socket.create_connection((LOOPBACK, load.port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            for message in requests:
                begin = time.perf_counter()
                if begin >= end:
                    return
                connection.sendall(message)
                status = _read_status(connection)
                times.append(time.perf_counter() - begin)
                if status != load.expect:
                    failures.append(status)
            if load.once:
                return


def _read_status(connection: socket.socket) -> int:
    """Read one response with a Content-Length and return its status."""
    data = _receive(connection)
    while (head_end := data.find(b"\r\n\r\n")) < 0:
        data += _receive(connection)
    at = data.lower().find(b"content-length: ")
    length = int(data[at + 16 : data.find(b"\r\n", at)])
    missing = head_end + 4 + length - len(data)
    while missing > 0:
        missing -= len(_receive(connection))
    return int(data[9:12])


def _receive(connection: socket.socket) -> bytes:
    data = connection.recv(RECEIVE_BYTES)
    if not data:
        raise ConnectionError("the server hung up")
    return data
