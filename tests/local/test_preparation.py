"""Migrating and seeding is skipped only while nothing has changed."""

from pathlib import Path

import pytest

from coditect.local import preparation
from coditect.local.programs import Demo

DEMO = Demo(user_email="u", user_password="p", admin_email="a", admin_password="q", license_key="k")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root" / "app" / "migrations").mkdir(parents=True)
    (tmp_path / "root" / "app" / "migrations" / "0001_initial.py").touch()
    (tmp_path / "root" / "requirements.lock").touch()
    return tmp_path / "root"


@pytest.fixture
def stamp(tmp_path: Path) -> Path:
    return tmp_path / "prepared.json"


class TestRecall:
    def test_knows_nothing_at_first(self, stamp: Path, root: Path) -> None:
        assert preparation.recall(stamp, root=root) is None

    def test_answers_what_was_remembered(self, stamp: Path, root: Path) -> None:
        preparation.remember(stamp, DEMO, root=root)
        assert preparation.recall(stamp, root=root) == DEMO
        assert stamp.stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize("change", ["app/migrations/0002_more.py", "app/migrations/0001_initial.py"])
    def test_forgets_at_a_new_or_other_migration(self, stamp: Path, root: Path, change: str) -> None:
        preparation.remember(stamp, DEMO, root=root)
        (root / change).write_text("changed", encoding="utf-8")
        assert preparation.recall(stamp, root=root) is None

    def test_forgets_when_packages_change_which_have_migrations_too(self, stamp: Path, root: Path) -> None:
        preparation.remember(stamp, DEMO, root=root)
        (root / "requirements.lock").write_text("django==6", encoding="utf-8")
        assert preparation.recall(stamp, root=root) is None

    @pytest.mark.parametrize("text", ["", "{}", "[]", '{"demo": {}, "sources": ""}'])
    def test_does_not_trust_a_broken_note(self, stamp: Path, root: Path, text: str) -> None:
        stamp.write_text(text, encoding="utf-8")
        assert preparation.recall(stamp, root=root) is None

    def test_looks_at_this_repository_s_migrations(self, stamp: Path) -> None:
        preparation.remember(stamp, DEMO)
        assert preparation.recall(stamp) == DEMO
