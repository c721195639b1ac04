"""Children do not outlive whoever started them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from coditect.local import child
from coditect.local.options import ROOT
from tests.local.processes import is_alive, wait_until

PARENT = """
import sys, time
from coditect.local.{module} import {server}
server = {server}(sys.argv[1])
server.start()
print(server.pid, flush=True)
time.sleep(600)
"""


class TestKillNineOfTheParent:
    @pytest.mark.parametrize("server", ["Postgres", "Valkey"])
    def test_ends_the_server(self, server: str, tmp_path: Path) -> None:
        source = PARENT.format(module=server.lower(), server=server)
        command = [sys.executable, "-c", source, str(tmp_path / "server")]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
            assert parent.stdout is not None
            pid = int(parent.stdout.readline())
            assert is_alive(pid)
            parent.kill()
        wait_until(lambda: not is_alive(pid))


class TestChild:
    def run(self, *, parent: int, identity: str = "ours") -> subprocess.CompletedProcess[str]:
        arguments = [str(parent), str(int(signal.SIGKILL)), identity, "/bin/echo", "started"]
        command = [sys.executable, "-I", "-S", child.__file__, *arguments]
        return subprocess.run(command, check=False, capture_output=True, text=True)

    def test_becomes_the_program(self) -> None:
        assert self.run(parent=os.getpid()).stdout == "started\n"

    def test_gives_up_if_the_parent_died_before_it_could_ask_for_a_signal(self) -> None:
        done = self.run(parent=1)
        assert done.returncode == child.REFUSED
        assert done.stdout == ""

    def test_hears_ctrl_c_even_if_its_parent_does_not(self) -> None:
        source = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
        arguments = [str(os.getpid()), str(int(signal.SIGKILL)), "ours", sys.executable, "-c", source]
        ignored = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            command = [sys.executable, "-I", "-S", child.__file__, *arguments]
            done = subprocess.run(command, check=False, capture_output=True, text=True)
        finally:
            signal.signal(signal.SIGINT, ignored)
        assert done.stdout == "True\n"
