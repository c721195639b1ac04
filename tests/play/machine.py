"""One machine at the real server: speaks its dialect over a connection of its own and writes down what it sees."""

import http.client
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from coditect.local.ports import LOOPBACK
from tests.seats.history import Operation

ANSWER_SECONDS = 10.0
# The code of a failure that its dialect would not have put so.
MALFORMED = "malformed"


@dataclass(frozen=True, kw_only=True)
class Machine:
    """One machine of one user, the license it wants a seat of, and the dialect it speaks."""

    user: str
    token: str
    license_key: str
    hardware_id: str
    dialect: str = "flat"


class Caller:
    """A machine's calls; an answer's time is the monotonic clock's, `database_ahead` how far the database's is off."""

    def __init__(
        self,
        port: int,
        machine: Machine,
        history: list[Operation],
        *,
        database_ahead: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.machine, self.history = machine, history
        self._database_ahead = database_ahead
        self._connection = http.client.HTTPConnection(LOOPBACK, port, timeout=ANSWER_SECONDS)

    def acquire(self) -> Operation:
        """Ask for a seat."""
        body = {"license_key": self.machine.license_key, "hardware_id": self.machine.hardware_id}
        return self._send("acquire", "POST", "licenses/acquire", body)

    def heartbeat(self, session_id: str) -> Operation:
        """Keep a seat, as the dialect's own clients do."""
        if self.machine.dialect == "flat":
            return self._send("heartbeat", "PATCH", f"licenses/sessions/{session_id}/heartbeat", about=session_id)
        return self._send("heartbeat", "POST", "licenses/heartbeat", {"session_id": session_id}, about=session_id)

    def release(self, session_id: str) -> Operation:
        """Give a seat back, as the dialect's own clients do."""
        if self.machine.dialect == "flat":
            return self._send("release", "DELETE", f"licenses/sessions/{session_id}", about=session_id)
        return self._send("release", "POST", "licenses/release", {"session_id": session_id}, about=session_id)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _send(
        self, name: str, method: str, path: str, body: dict[str, str] | None = None, *, about: str | None = None
    ) -> Operation:
        """Send one request and write down what came of it; a status of None is an answer that never came."""
        ahead, sent_at = self._database_ahead(), time.monotonic()
        status, headers, answer = self._ask(method, self._path(path), body)
        received_at = time.monotonic()
        facts, code = self._read(status, headers, answer)
        operation = Operation(
            client=self.machine.hardware_id,
            name=name,
            sent_at=sent_at,
            received_at=received_at,
            status=status,
            license=self.machine.license_key,
            user=self.machine.user,
            hardware_id=self.machine.hardware_id,
            session_id=about or facts.get("session_id"),
            code=code,
            promised_until=_promise(facts, ahead=max(ahead, self._database_ahead())),
            is_revoking=bool(facts.get("revoking")),
        )
        self.history.append(operation)
        return operation

    def _path(self, path: str) -> str:
        return f"/api/v1/{path}/" if self.machine.dialect == "flat" else f"/v1/{path}"

    def _ask(self, method: str, path: str, body: dict[str, str] | None) -> tuple[int | None, Any, Any]:
        headers = {"Authorization": f"Bearer {self.machine.token}", "Content-Type": "application/json"}
        try:
            self._connection.request(method, path, body=json.dumps(body) if body else None, headers=headers)
            response = self._connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return None, {}, {}
        try:
            return response.status, response.headers, json.loads(content)
        except ValueError:
            return response.status, response.headers, None

    def _read(self, status: int | None, headers: Any, answer: Any) -> tuple[dict[str, Any], str]:
        """The facts of a success, or the code of a failure as this dialect tells it."""
        if status is None:
            return {}, ""
        is_flat = self.machine.dialect == "flat"
        try:
            if status < HTTPStatus.BAD_REQUEST:
                return (answer if is_flat else answer["data"]), ""
            code, _ = (answer["code"], answer["detail"]) if is_flat else (answer["error"]["code"], answer["meta"])
            if status == HTTPStatus.SERVICE_UNAVAILABLE and int(headers["Retry-After"]) < 1:
                return {}, MALFORMED
            return {}, str(code)
        except (KeyError, TypeError, ValueError):
            return {}, MALFORMED


# Taken once, as the best of many: a thread that is put aside between the two readings would lengthen every promise.
WALL_AHEAD = max(time.time() - time.monotonic() for _ in range(1000))


def _promise(facts: dict[str, Any], *, ahead: float) -> float | None:
    """An answer's `expires_at` in the monotonic clock: server and clients are of one machine here."""
    moment = facts.get("expires_at")
    return datetime.fromisoformat(moment).timestamp() - WALL_AHEAD - ahead if moment else None
