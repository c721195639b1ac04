"""The Makefile explains itself, and its complaints are sentences."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from coditect.local.options import ROOT

MAKE = shutil.which("make") or ""
if not MAKE:
    pytest.skip("make is not installed", allow_module_level=True)


def make(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    # Not the flags of a make that runs these tests.
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "MFLAGS"}
    return subprocess.run([MAKE, *arguments], cwd=cwd, env=env, capture_output=True, text=True, check=False)


class TestHelp:
    def test_is_the_default_and_lists_every_target(self) -> None:
        source = (ROOT / "Makefile").read_text(encoding="utf-8")
        text = make().stdout
        documented = set(re.findall(r"^  make (\w+)  +\S", text, re.MULTILINE))
        phony = set(re.findall(r"^\.PHONY: ([a-z ]+)", source, re.MULTILINE)[0].split())
        assert documented == phony - {"python"}


class TestPython:
    def test_that_is_missing_is_named(self) -> None:
        done = make("python", "PYTHON=no-such-python")
        assert done.returncode != 0
        assert "no-such-python is not installed. Install Python 3.11" in done.stdout

    def test_that_is_too_old_is_named(self, tmp_path: Path) -> None:
        old = tmp_path / "python3.9"
        old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" && exit\nexit 1\n', encoding="utf-8")
        old.chmod(0o755)
        done = make("python", f"PYTHON={old}")
        assert done.returncode != 0
        assert "is Python 3.9.2, but 3.11, 3.12 or 3.13 is needed" in done.stdout

    def test_without_venv_is_named(self, tmp_path: Path) -> None:
        bare = tmp_path / "python3"
        bare.write_text('#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\n', encoding="utf-8")
        bare.chmod(0o755)
        done = make("python", f"PYTHON={bare}")
        assert done.returncode != 0
        assert "apt install python3-venv" in done.stdout


class TestShell:
    def test_without_a_running_set_says_what_to_start(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        # Only the recipe is of interest here, not the virtual environment that it asks for.
        for name in ("made.stamp", "run.stamp"):
            (tmp_path / name).touch()
        monkeypatch.delenv("DATABASE_URL")
        monkeypatch.setenv("CODITECT_DATA_DIR", str(tmp_path))
        done = make("shell", f"VENV={tmp_path}")
        assert done.returncode != 0
        assert done.stdout == "Nothing is running here. Start `make run` in another terminal, then try again.\n"
