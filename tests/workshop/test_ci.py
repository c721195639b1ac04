"""What CI and git run."""

import os
import re
import shlex
import subprocess
from importlib.util import find_spec
from typing import Any

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
