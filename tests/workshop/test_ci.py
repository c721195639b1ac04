"""What CI and git run."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.workshop.files import ROOT, read

HOOKS: list[dict[str, Any]] = [
    hook for repository in yaml.safe_load(read(".pre-commit-config.yaml"))["repos"] for hook in repository["hooks"]
]


class TestCi:
    def test_can_be_executed(self) -> None:
        assert os.access(ROOT / ".ci/run", os.X_OK)

    def test_is_a_script_that_bash_can_read(self) -> None:
        subprocess.run(["/bin/bash", "-n", ".ci/run"], cwd=ROOT, check=True)

    def test_runs_the_checks_and_then_the_tests(self) -> None:
        assert re.findall(r"^make (\w+)", read(".ci/run"), re.MULTILINE) == ["check", "test"]


class Machine:
    """One that has nothing but a few programs, some of them made up: `make` says what it is asked for."""

    TOOLS = ("bash", "dirname", "grep", "id", "mktemp", "rm", "tail", "tee", "touch", "chmod")

    def __init__(self, directory: Path) -> None:
        self.programs = directory
        for tool in self.TOOLS:
            (directory / tool).symlink_to(str(shutil.which(tool)))
        (directory / "python3").symlink_to(sys.executable)
        self.add("sudo", 'shift; exec "$@"')
        self.add("make", 'echo "made $1${NO_CHROMIUM:+ without}"')

    def add(self, name: str, script: str) -> None:
        """Make a program up."""
        program = self.programs / name
        program.write_text(f"#!/bin/bash\n{script}\n", encoding="utf-8")
        program.chmod(0o755)

    def run(self) -> "subprocess.CompletedProcess[str]":
        """Run what CI runs."""
        env = {"PATH": str(self.programs)}
        return subprocess.run([ROOT / ".ci/run"], env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


class TestChromium:
    def test_is_installed_where_it_is_missing(self, machine: Machine) -> None:
        chromium = machine.programs / "chromium"
        machine.add("apt-get", f'case "$*" in *chromium) touch "{chromium}"; chmod +x "{chromium}"; esac')
        done = machine.run()
        assert (done.returncode, done.stdout.splitlines()) == (0, ["made check", "made test"])
        assert chromium.exists()

    def test_is_not_installed_where_it_is(self, machine: Machine) -> None:
        machine.add("chromium", "exit 1")
        machine.add("apt-get", f'touch "{machine.programs}/asked"')
        assert machine.run().stdout.splitlines() == ["made check", "made test"]
        assert not (machine.programs / "asked").exists()

    @pytest.mark.parametrize("apt", ["exit 100", None])
    def test_that_cannot_be_had_fails_nothing_and_is_told_at_the_end(self, machine: Machine, apt: str | None) -> None:
        if apt:
            machine.add("apt-get", apt)
        done = machine.run()
        assert done.returncode == 0
        assert done.stdout.splitlines()[:2] == ["made check", "made test without"]
        assert "tests/browser is skipped" in done.stdout.splitlines()[-1]

    def test_does_not_hide_a_failed_check(self, machine: Machine) -> None:
        machine.add("chromium", "exit 1")
        machine.add("make", 'echo "made $1"; [ "$1" != check ]')
        done = machine.run()
        assert (done.returncode, done.stdout.splitlines()) == (1, ["made check"])


class TestPreCommit:
    def test_fetches_nothing(self) -> None:
        repositories = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
        assert [repository["repo"] for repository in repositories] == ["local"]
        assert {hook["language"] for hook in HOOKS} == {"system"}

    def test_runs_what_is_installed_here(self) -> None:
        for hook in HOOKS:
            program, *arguments = shlex.split(hook["entry"])
            if program == "make":
                continue
            assert (program, arguments[0]) == (".venv/bin/python", "-m")
            assert find_spec(arguments[1]) is not None
