"""`python -m coditect.local`, the whole of it, with real processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import dotenv
import pytest
import requests

from coditect.local import ports
from coditect.local.options import ROOT
from tests.local.processes import DEADLINE_SECONDS, child_named, descendants, is_alive, output_of, wait_until


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    data_dir.mkdir(parents=True, exist_ok=True)
    own = {
        "CODITECT_DATA_DIR": str(data_dir),
        "PORT": str(ports.choose(remembered=data_dir / "web-port")),
        "WEB_CONCURRENCY": "1",
    }
    return {**os.environ, "DATABASE_URL": "", "REDIS_URL": "", "SECRET_KEY": "", "STRIPE_SECRET_KEY": "", **own, **more}


class Running:
    """A supervisor, its terminal kept in a file."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = dict(env)
        self.data_dir = Path(env["CODITECT_DATA_DIR"])
        self.url = f"http://127.0.0.1:{env['PORT']}"
        self._terminal = self.data_dir / "terminal"
        with self._terminal.open("wb") as terminal:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "coditect.local"], cwd=ROOT, env=self.env, stdout=terminal, stderr=terminal
            )

    @property
    def text(self) -> str:
        return self._terminal.read_text(encoding="utf-8")

    def wait_ready(self) -> None:
        wait_until(lambda: "is ready" in self.text or self.process.poll() is not None)
        assert "CODITECT is ready. Ctrl-C stops it.\n" in self.text, self.text

    def is_healthy(self) -> bool:
        try:
            answer = requests.get(f"{self.url}/api/v1/health/ready/", timeout=5)
        except requests.RequestException:
            return False
        return answer.status_code == 200 and answer.json()["degraded"] == []


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One embedded set for the tests that do not end it."""
    top = tmp_path_factory.mktemp("a set")
    # PostgreSQL may have to run as nobody, who must get through to its own directory inside.
    for folder in (top, top.parent, top.parent.parent):
        folder.chmod(0o711)
    supervisor = Running(environment(top / "data dir"))
    supervisor.wait_ready()
    yield supervisor
    supervisor.process.terminate()
    assert supervisor.process.wait(timeout=DEADLINE_SECONDS) == 0


def run_again(env: Mapping[str, str], **changes: str) -> str:
    """Start another one, which must end by itself with exit code 1; return what it says."""
    command = [sys.executable, "-m", "coditect.local"]
    with subprocess.Popen(
        command, cwd=ROOT, env={**env, **changes}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as second:
        said = output_of(second)
        assert second.returncode == 1
    assert "Traceback" not in said
    return said


class TestStart:
    def test_shows_what_there_is_and_what_to_try(self, running: Running) -> None:
        for text in ("/admin/", "demo@example.com", "License key  DEV-", "licenses/acquire/", "licenses/validate/"):
            assert text in running.text

    def test_is_ready_in_every_part(self, running: Running) -> None:
        wait_until(running.is_healthy)

    def test_leaves_the_addresses_for_manage_py(self, running: Running) -> None:
        path = running.data_dir / "run.env"
        assert path.stat().st_mode & 0o777 == 0o600
        values = dotenv.dotenv_values(path)
        stripe = {"STRIPE_API_BASE", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"}
        assert (
            set(values)
            == {"DATABASE_URL", "REDIS_URL", "PORT", "PUBLIC_URL", "SECRET_KEY", "WEBHOOK_ALLOW_PRIVATE"} | stripe
        )
        assert values["PUBLIC_URL"] == running.url
        assert values["SECRET_KEY"] == (running.data_dir / "secret_key").read_text(encoding="utf-8")
        command = [sys.executable, "manage.py", "migrate", "--check"]
        bare = {name: value for name, value in os.environ.items() if name not in values}
        subprocess.run(command, cwd=ROOT, env={**bare, "CODITECT_DATA_DIR": str(running.data_dir)}, check=True)

    def test_a_second_time_says_where_the_first_one_is(self, running: Running) -> None:
        assert f"Already running at {running.url}" in run_again(running.env)

    def test_on_the_same_port_says_so(self, running: Running, tmp_path: Path) -> None:
        said = run_again(running.env, CODITECT_DATA_DIR=str(tmp_path))
        assert f"Port {running.env['PORT']} is taken" in said

    def test_with_an_unreachable_database_says_so_and_leaves_nothing(self, tmp_path: Path) -> None:
        env = environment(
            tmp_path / "data", DATABASE_URL="postgresql://nobody@127.0.0.1:1/none", REDIS_URL="redis://127.0.0.1:1"
        )
        said = run_again(env)
        assert "The database could not be migrated and seeded." in said
        assert "Connection refused" in said
        assert not (tmp_path / "data" / "run.env").exists()

    def test_with_a_web_server_that_dies_shows_its_last_words(self, tmp_path: Path) -> None:
        given = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}
        said = run_again(environment(tmp_path / "data", WEB_CONCURRENCY="many", **given))
        assert "web ended during the start (exit code 1)." in said
        assert "invalid literal for int() with base 10: 'many'" in said


class TestKilledChildren:
    @pytest.mark.parametrize(
        ("name", "word"),
        [
            ("web", "gunicorn"),
            ("worker", "worker@%h"),
            ("deliverer", "deliverer@%h"),
            ("beat", "beat"),
            ("PostgreSQL", "postgres"),
            ("Valkey", "valkey"),
            ("fake Stripe", "coditect.local.fake_stripe"),
        ],
    )
    def test_come_back(self, running: Running, name: str, word: str) -> None:
        pid = child_named(running.process.pid, word)
        assert pid
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: child_named(running.process.pid, word) not in {0, pid})
        wait_until(running.is_healthy)
        assert f"{name} ended (signal SIGKILL); starting it again." in running.text


class TestStop:
    @pytest.fixture
    def own(self, tmp_path: Path) -> Iterator[Running]:
        """A set on the test run's own servers, which is told to stop."""
        given = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}
        supervisor = Running(environment(tmp_path / "data", **given))
        yield supervisor
        supervisor.process.kill()
        supervisor.process.wait()

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
    def test_leaves_no_process_behind(self, own: Running, number: signal.Signals) -> None:
        own.wait_ready()
        assert not child_named(own.process.pid, "postgres")
        assert not child_named(own.process.pid, "valkey-server")
        children = descendants(own.process.pid)
        assert len(children) == len(["fake Stripe", "web", "its worker", "worker", "deliverer", "beat"])
        own.process.send_signal(number)
        code = own.process.wait(timeout=DEADLINE_SECONDS)
        wait_until(lambda: not any(map(is_alive, children)))
        if number != signal.SIGKILL:
            assert code == 0
            assert not (own.data_dir / "run.env").exists()

    def test_in_the_middle_of_the_start_leaves_old_logs_and_no_process_behind(self, tmp_path: Path) -> None:
        env = environment(tmp_path / "data")
        (tmp_path / "data" / "log").mkdir()
        (tmp_path / "data" / "log" / "web.log").write_bytes(b"x" * 5_000_001)
        supervisor = Running(env)
        wait_until(lambda: child_named(supervisor.process.pid, "gunicorn"))
        assert (tmp_path / "data" / "log" / "web.old").exists()
        children = descendants(supervisor.process.pid)
        supervisor.process.send_signal(signal.SIGHUP)
        assert supervisor.process.wait(timeout=DEADLINE_SECONDS) == 0
        wait_until(lambda: not any(map(is_alive, children)))
