"""The house's rules that no tool checks."""

import ast
from pathlib import Path

import pytest

from tests.workshop.files import ROOT, python_files

MOST_LINES = 400
FILES = sorted(python_files())


def source(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


class TestHouse:
    def test_finds_its_files(self) -> None:
        assert {Path("manage.py"), Path("licenses/leases.py"), Path("tests/conftest.py")} <= set(FILES)

    def test_has_no_file_over_400_lines(self) -> None:
        assert [str(path) for path in FILES if len(source(path).splitlines()) > MOST_LINES] == []

    def test_has_a_docstring_in_every_module(self) -> None:
        # An empty __init__.py only makes a folder a package.
        modules = {path: ast.parse(source(path)) for path in FILES if source(path).strip()}
        assert [str(path) for path, module in modules.items() if not ast.get_docstring(module)] == []

    @pytest.mark.parametrize("name", ["utils", "helpers", "common", "base"])
    def test_has_no_room_without_a_purpose(self, name: str) -> None:
        assert [str(path) for path in FILES if name in (path.stem, *path.parent.parts)] == []
