"""Dead children come back, ever more slowly if they keep dying."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from coditect.local.console import Console
from coditect.local.errors import LocalError
from coditect.local.keeper import DELAYS_SECONDS, STEADY_SECONDS, Keeper
from coditect.local.process import stop_all
from coditect.local.programs import Program
from coditect.local.valkey import Valkey
from tests.local.processes import wait_until

SLEEPER = ("-c", "import time; time.sleep(600)")
FAILING = ("-c", "import sys; sys.exit('the reason')")


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[Program]:
    program = Program("sleeper", SLEEPER, env={}, log=tmp_path / "sleeper.log")
    program.launch()
    yield program
    stop_all([program])


def kill(program: Program) -> None:
    assert program.process is not None
    program.process.kill()
    program.process.wait()


def let_it_die(program: Program) -> None:
    wait_until(lambda: not program.is_running)


class TestStopAll:
    def test_kills_what_does_not_listen(self, tmp_path: Path) -> None:
        source = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf'); signal.pause()"
        program = Program("deaf", ("-uc", source), env={}, log=tmp_path / "deaf.log")
        program.stop_seconds = 0.1
        program.launch()
        wait_until(lambda: "deaf" in program.log_tail())
        stop_all([program])
        assert program.process is not None
        assert program.process.returncode == -signal.SIGKILL


class TestKeeper:
    def test_leaves_a_living_child_alone(self, sleeper: Program, capsys: pytest.CaptureFixture[str]) -> None:
        process = sleeper.process
        Keeper(sleeper, console=Console(), now=0).tend(now=1)
        assert sleeper.process is process
        assert capsys.readouterr().out == ""

    def test_starts_a_killed_child_at_once(self, sleeper: Program, capsys: pytest.CaptureFixture[str]) -> None:
        keeper = Keeper(sleeper, console=Console(), now=0)
        kill(sleeper)
        keeper.tend(now=1)
        assert sleeper.is_running
        assert capsys.readouterr().out == "sleeper ended (signal SIGKILL); starting it again.\n"

    def test_waits_longer_each_time(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        failing = Program("failing", FAILING, env={}, log=tmp_path / "failing.log")
        failing.launch()
        keeper = Keeper(failing, console=Console(), now=0)
        now = 0.0
        for delay in DELAYS_SECONDS:
            let_it_die(failing)
            process = failing.process
            if delay:
                keeper.tend(now=now)
                keeper.tend(now=now + delay * 0.99)
                assert failing.process is process
            now += delay
            keeper.tend(now=now)
            assert failing.process is not process
        let_it_die(failing)
        said = capsys.readouterr().out
        assert "failing ended (exit code 1); starting it again in 15 s." in said
        assert "    the reason" in said

    def test_forgives_after_a_steady_time(self, sleeper: Program) -> None:
        keeper = Keeper(sleeper, console=Console(), now=0)
        now = 1.0
        for _ in range(3):
            kill(sleeper)
            keeper.tend(now=now)
            assert sleeper.is_running
            now += STEADY_SECONDS

    def test_tries_again_after_a_start_that_failed(
        self, sleeper: Program, capsys: pytest.CaptureFixture[str], taken_port: int, tmp_path: Path
    ) -> None:
        valkey = Valkey(tmp_path / "valkey", port=taken_port)
        with pytest.raises(LocalError):
            valkey.launch()
        valkey.process = sleeper.process
        kill(sleeper)
        keeper = Keeper(valkey, console=Console(), now=0)
        keeper.tend(now=1)
        keeper.tend(now=1)
        said = capsys.readouterr().out
        assert "is taken by another program" in said
        assert "starting it again in 0.5 s" in said
