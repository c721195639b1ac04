"""The server under test: production's gunicorn with one worker and four threads, and one population of sessions."""

import json
import subprocess
import sys
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
import redis

from coditect.local.options import ROOT
from coditect.local.programs import GUNICORN, Program
from tests.bench.layout import EMPTY_PATH, SEATS
from tests.bench.load import Load, Rate, deal, measure, request
from tests.bench.machine import only_child
from tests.live import Live

SETTINGS = {
    "WEB_CONCURRENCY": "1",
    "WEB_THREADS": "4",
    # As on a machine of its own.
    "WEB_CPU_AFFINITY": "1",
    # Counted as in production, and never reached.
    "RATE_LIMIT_FACTOR": "1000000",
    # So long that no lease runs out between the filling and the last measurement.
    "SEAT_TTL_SECONDS": "86400",
}
HELD = "SELECT id FROM licenses_seatsession WHERE ended_at IS NULL AND user_id = %s"


class BenchServer:
    """A PostgreSQL, a Valkey and a web server with `sessions` live sessions."""

    def __init__(self, directory: Path, *, sessions: int) -> None:
        directory.mkdir(parents=True)
        self.sessions = sessions
        self.live = live = Live(directory, prepared=None, **SETTINGS)
        live.web = Program("web", (*GUNICORN[:-1], "tests.bench.wsgi"), env=live.env, log=directory / "web.log")
        self.bytes_per_session = 0.0

    def start(self) -> None:
        """Start and fill."""
        self.live.start()
        before = self._redis_bytes()
        self.run_inside("population", str(self.sessions))
        self.bytes_per_session = (self._redis_bytes() - before) / self.sessions

    def run_inside(self, module: str, *arguments: str) -> str:
        """Run one of the bench's modules against this server's database and Redis; what it prints."""
        command = [sys.executable, "-m", "tests.bench.inside", module, *arguments]
        return subprocess.run(
            command, env=self.live.env, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
        ).stdout

    def load(self, requests: Sequence[bytes], *, connections: int, seconds: float, **more: Any) -> Rate:
        """Send requests over some connections for some seconds."""
        load = Load(port=self.live.port, requests=deal(requests, connections), seconds=seconds, **more)
        return measure(load, server_pid=self._worker_pid)

    @cached_property
    def beats(self) -> list[bytes]:
        """A heartbeat for one session of each license."""
        return self._read_beats("sessions.txt")

    @cached_property
    def empties_with_token(self) -> list[bytes]:
        """The empty view, asked with the token of each of those sessions."""
        return [request("GET", EMPTY_PATH, token=line.split()[2]) for line in self._read("sessions.txt")]

    @cached_property
    def fresh_beats(self) -> list[bytes]:
        """Heartbeats whose tokens the server has not seen, or forgotten since."""
        return self._read_beats("fresh.txt")

    @cached_property
    def validations(self) -> list[bytes]:
        """A validation of each license whose seats are free."""
        return [self._post("validate", key_string=key) for key in self._keys]

    @cached_property
    def acquires(self) -> list[bytes]:
        """A request for each free seat; one at every license before the next, so that few meet at one lock."""
        return [
            self._post("acquire", license_key=key, hardware_id=f"{machine:032x}")
            for machine in range(SEATS)
            for key in self._keys
        ]

    def releases(self) -> list[bytes]:
        """A request for each seat that `acquires` took."""
        with psycopg.connect(self.live.postgres.url) as connection:
            ids = [row[0] for row in connection.execute(HELD, [self._licenses[0]])]
        return [request("DELETE", f"/api/v1/licenses/sessions/{id}/", token=self._licenses[1]) for id in ids]

    def release_all(self) -> None:
        """Give back whatever `acquires` took and nobody released."""
        while left := self.releases():
            self.load(left, connections=4, seconds=60, once=True)

    @cached_property
    def _licenses(self) -> list[str]:
        return self._read("licenses.txt")

    @property
    def _keys(self) -> list[str]:
        return self._licenses[2:]

    @property
    def _worker_pid(self) -> int:
        process = self.live.web.process
        if process is None:
            raise AssertionError("the web does not run")
        return only_child(process.pid)

    def _post(self, name: str, **body: str) -> bytes:
        token = "" if name == "validate" else self._licenses[1]
        return request("POST", f"/api/v1/licenses/{name}/", token=token, body=json.dumps(body))

    def _read_beats(self, name: str) -> list[bytes]:
        beats = []
        for line in self._read(name):
            session, _, token = line.split()
            beats.append(request("PATCH", f"/api/v1/licenses/sessions/{session}/heartbeat/", token=token))
        return beats

    def _read(self, name: str) -> list[str]:
        return (self.live.directory / name).read_text(encoding="ascii").splitlines()

    def _redis_bytes(self) -> int:
        with redis.Redis.from_url(self.live.valkey.url) as client:
            return int(client.info("memory")["used_memory"])
