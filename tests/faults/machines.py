"""Client machines: they acquire, beat, release, fall silent and come back, and write down all that they see."""

import http.client
import json
import multiprocessing
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from typing import Any

from coditect.local.ports import LOOPBACK
from tests.seats.history import Operation

ANSWER_SECONDS = 10.0
STOP_SECONDS = 30.0
BEATS_PER_TTL = 2.5
RELEASED = 0.7


@dataclass(frozen=True, kw_only=True)
class Machine:
    """One machine of one user, and the license it wants a seat of."""

    user: str
    token: str
    license_key: str
    hardware_id: str
    seed: int


class Crowd:
    """Machines at play in processes of their own, until they are stopped."""

    def __init__(self, port: int, machines: Sequence[Machine], *, ttl: float, processes: int = 2) -> None:
        context = multiprocessing.get_context("fork")
        self._stop, self._histories = context.Event(), context.Queue()
        shares = [machines[number::processes] for number in range(processes)]
        self._processes = [
            context.Process(target=_play, args=(port, share, ttl, self._stop, self._histories)) for share in shares
        ]
        for process in self._processes:
            process.start()

    def stop(self) -> list[Operation]:
        """End the game and return everything that was seen."""
        self._stop.set()
        history = [operation for _ in self._processes for operation in self._histories.get(timeout=STOP_SECONDS)]
        for process in self._processes:
            process.join()
        return history


def _play(port: int, machines: Sequence[Machine], ttl: float, stop: Event, histories: "Queue[list[Operation]]") -> None:
    history: list[Operation] = []
    players = [_Player(port, machine, ttl, stop, history) for machine in machines]
    threads = [threading.Thread(target=player.run) for player in players]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    histories.put(history)


class _Player:
    """One machine's life."""

    def __init__(self, port: int, machine: Machine, ttl: float, stop: Event, history: list[Operation]) -> None:
        self.machine, self.ttl, self.stop, self.history = machine, ttl, stop, history
        self.random = random.Random(machine.seed)
        self.connection = http.client.HTTPConnection(LOOPBACK, port, timeout=ANSWER_SECONDS)

    def run(self) -> None:
        """Until the game is."""
        while not self.stop.is_set():
            body = {"license_key": self.machine.license_key, "hardware_id": self.machine.hardware_id}
            answer = self.send("acquire", "POST", "/api/v1/licenses/acquire/", body=body)
            if answer.session_id and answer.promised_until:
                self.hold(answer.session_id)
            else:
                self.wait(self.random.uniform(0.05, 0.3))

    def hold(self, session_id: str) -> None:
        """Beat a few times; then release, or fall silent for about as long as the seat lasts."""
        path = f"/api/v1/licenses/sessions/{session_id}/"
        for _ in range(self.random.randint(0, 6)):
            self.wait(self.ttl / BEATS_PER_TTL)
            if self.stop.is_set():
                return
            answer = self.send("heartbeat", "PATCH", f"{path}heartbeat/", session_id=session_id)
            if answer.status == HTTPStatus.NOT_FOUND:
                return
        if self.random.random() < RELEASED:
            self.send("release", "DELETE", path, session_id=session_id)
        else:
            self.wait(self.ttl * self.random.uniform(0.9, 1.6))

    def wait(self, seconds: float) -> None:
        """Let time pass: the product is about time, so its clients must wait."""
        self.stop.wait(seconds)

    def send(
        self, name: str, method: str, path: str, *, body: dict[str, str] | None = None, session_id: str | None = None
    ) -> Operation:
        """Send one request and write down what came of it; a status of None is an answer that never came."""
        sent_at = time.monotonic()
        status, answer = self._ask(method, path, body)
        expires_at = answer.get("expires_at")
        operation = Operation(
            client=self.machine.hardware_id,
            name=name,
            sent_at=sent_at,
            received_at=time.monotonic(),
            status=status,
            license=self.machine.license_key,
            user=self.machine.user,
            hardware_id=self.machine.hardware_id,
            session_id=session_id or answer.get("session_id"),
            code=str(answer.get("code", "")),
            promised_until=_monotonic(expires_at) if expires_at else None,
            is_revoking=bool(answer.get("revoking")),
        )
        self.history.append(operation)
        return operation

    def _ask(self, method: str, path: str, body: dict[str, str] | None) -> tuple[int | None, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {self.machine.token}", "Content-Type": "application/json"}
        try:
            self.connection.request(method, path, body=json.dumps(body) if body else None, headers=headers)
            response = self.connection.getresponse()
            return response.status, json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError):
            self.connection.close()
            return None, {}


# Taken once, as the best of many: a thread that is put aside between the two readings would lengthen every promise.
WALL_AHEAD = max(time.time() - time.monotonic() for _ in range(1000))


def _monotonic(moment: str) -> float:
    """A moment of the server's clock in this machine's monotonic one: here they are of one machine."""
    return datetime.fromisoformat(moment).timestamp() - WALL_AHEAD
