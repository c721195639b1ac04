"""The real server: gunicorn as in production, on a PostgreSQL and a Valkey of its own, any of which a test may kill."""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import requests

from coditect.local import ports, preparation, process
from coditect.local.options import ROOT
from coditect.local.postgres import Postgres
from coditect.local.programs import BEAT, DELIVERER, GUNICORN, WORKER, Demo, Program, prepare_database
from coditect.local.valkey import Valkey
from tests.play.issuer import Issuer

START_SECONDS = 30.0
PRIVATE = 0o700


class Live:
    """A set of services in a directory; further settings come as keyword arguments.

    `prepared`: a directory of PostgreSQL to begin with, from `prepare`.
    """

    def __init__(self, directory: Path, *, prepared: Path | None = None, **environment: str) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        # PostgreSQL may have to run as nobody, who must get through to its own directory inside.
        for folder in (directory, *directory.parents):
            if folder.stat().st_mode & 0o777 == PRIVATE:
                folder.chmod(0o711)
        if prepared is not None:
            shutil.copytree(prepared, directory / "postgres", ignore=shutil.ignore_patterns("port", "lock", "*.log"))
        self.directory = directory
        self.postgres = Postgres(directory / "postgres", durable=False)
        self.valkey = Valkey(directory / "valkey")
        self._environment: dict[str, str] = {}
        self.port = ports.choose(remembered=directory / "port")
        self.demo: Demo
        self._issuer: Issuer | None = None
        self.set_environment(**environment)

    def set_environment(self, **environment: str) -> None:
        """Tell the programs, before they start, further settings."""
        self._environment |= environment
        self.web, self.worker, self.deliverer, self.beat = (
            Program(name, arguments, env=self.env, log=self.directory / f"{name}.log")
            for name, arguments in (
                ("web", GUNICORN),
                ("worker", WORKER),
                ("deliverer", DELIVERER),
                ("beat", (*BEAT, "--schedule", self.directory / "schedule")),
            )
        )

    @property
    def url(self) -> str:
        """Where the web server answers."""
        return f"http://{ports.LOOPBACK}:{self.port}"

    @property
    def env(self) -> dict[str, str]:
        """What the programs are told."""
        return {
            # Unmeasured: what they run, other tests run in their own process, and measuring costs a third of the time.
            **{name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")},
            "CODITECT_ENV": "development",
            "CODITECT_DATA_DIR": str(self.directory),
            "SECRET_KEY": "live-tests-" + "x" * 50,
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.valkey.url,
            "PORT": str(self.port),
            "PYTHONPATH": str(ROOT),
            **self._environment,
        }

    def start(self) -> None:
        """Start the servers and the web, with a migrated and seeded database."""
        self.start_servers()
        self.start_web()

    def start_servers(self) -> None:
        """Start PostgreSQL and Valkey; migrate and seed the database where that was not done."""
        for server in (self.postgres, self.valkey):
            server.launch()
        for server in (self.postgres, self.valkey):
            server.wait_ready()
        stamp = self.postgres.directory / "prepared.json"
        self.demo = preparation.recall(stamp) or prepare_database(env=self.env, log=self.directory / "prepare.log")
        preparation.remember(stamp, self.demo)

    def start_web(self) -> None:
        """Start the web and return when it answers."""
        self.web.launch()
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if not self.web.is_running or time.monotonic() > deadline:
                raise AssertionError(f"the web did not start:\n{self.web.log_tail()}")
            time.sleep(0.02)

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """A management command, run to its end."""
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command, cwd=ROOT, env=self.env, check=False, capture_output=True, text=True)

    def manage(self, *arguments: str) -> str:
        """What a management command prints."""
        done = self.run(*arguments)
        done.check_returncode()
        return done.stdout

    def issue_license(self, *, seats: int) -> str:
        """The key of a new license of the demo user."""
        options = ("--email", self.demo.user_email, "--tier", "pro", "--seats", str(seats))
        return self.manage("issue_license", *options).strip()

    def issue_licenses(self, seats: Sequence[int]) -> list[str]:
        """The keys of new licenses of the demo user's organization."""
        if self._issuer is None:
            self._issuer = Issuer(self.env, self.directory / "issuer.log")
        return self._issuer.issue(email=self.demo.user_email, seats=seats)

    def log_in(self) -> str:
        """An access token of the demo user."""
        credentials = {"email": self.demo.user_email, "password": self.demo.user_password}
        answer = requests.post(f"{self.url}/api/v1/auth/token/", json=credentials, timeout=START_SECONDS)
        answer.raise_for_status()
        return str(answer.json()["access"])

    def stop(self) -> None:
        """Stop everything that runs."""
        if self._issuer is not None:
            self._issuer.close()
            self._issuer = None
        process.stop_all([self.web, self.worker, self.deliverer, self.beat])
        process.stop_all([self.valkey, self.postgres])

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/healthz", timeout=5).ok
        except requests.RequestException:
            return False


def prepare(directory: Path) -> Path:
    """A PostgreSQL's directory with a migrated and seeded database, made by whichever process asks first."""
    with (directory / "prepared.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        live = Live(directory / "prepared")
        if live.postgres.directory.exists():
            return live.postgres.directory
        try:
            live.start_servers()
        finally:
            live.stop()
    return live.postgres.directory
