"""Where the servers' programs come from, and what is said when they come from nowhere."""

import os
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from coditect.local import identity, postgres, valkey
from coditect.local.errors import LocalError
from coditect.local.process import Identity


def not_installed(_: str) -> ModuleSpec | None:
    return None


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only directory on the PATH, on a machine without the packages."""
    monkeypatch.setattr(postgres, "find_spec", not_installed)
    monkeypatch.setattr(valkey, "find_spec", not_installed)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def install(program: Path) -> Path:
    program.touch(mode=0o755)
    return program


class TestPostgres:
    def test_comes_with_its_package(self) -> None:
        assert (postgres.find_binaries() / "initdb").is_file()

    def test_else_from_the_path(self, path: Path) -> None:
        (path / "lib").mkdir()
        (path / "pg_ctl").symlink_to(install(path / "lib" / "pg_ctl"))
        assert postgres.find_binaries() == path / "lib"

    def test_else_from_nowhere(self, path: Path) -> None:
        with pytest.raises(LocalError, match=r"PostgreSQL is missing: .* `make run`.* or set DATABASE_URL"):
            postgres.find_binaries()


class TestValkey:
    def test_comes_with_its_package(self) -> None:
        assert valkey.find_binary().is_file()

    @pytest.mark.parametrize("name", ["valkey-server", "redis-server"])
    def test_else_from_the_path(self, path: Path, name: str) -> None:
        program = install(path / name)
        assert valkey.find_binary() == program

    def test_else_from_nowhere(self, path: Path) -> None:
        with pytest.raises(LocalError, match=r"Valkey is missing: .* `make run`.* or set REDIS_URL"):
            valkey.find_binary()


class TestIdentity:
    def test_is_found_before_anything_is_made(self, tmp_path: Path) -> None:
        found, major = identity.for_postgres(postgres=postgres.find_binaries() / "postgres", directory=tmp_path)
        assert major >= 13
        assert (found == Identity.OURS) == (os.geteuid() != 0)

    def test_that_cannot_run_the_program_is_told_what_to_do(self, tmp_path: Path) -> None:
        program = install(tmp_path / "postgres")
        program.chmod(0o600)
        with pytest.raises(LocalError, match=r"PostgreSQL cannot run here.* or set DATABASE_URL"):
            identity.for_postgres(postgres=program, directory=tmp_path)
