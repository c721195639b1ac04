"""docs/asvs.md: every test that it names is there, every requirement stands once."""

import ast
import re

import pytest

from coditect.local.options import ROOT

TEXT = (ROOT / "docs" / "asvs.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?(?:::(\w+))?`", TEXT)))
ROWS = re.findall(r"^\| ([\d.]+) \| (\d) \| (.+?) \| (.+?) \|$", TEXT, re.MULTILINE)


def names_in(path: str) -> set[str]:
    """The classes and tests of a file."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef | ast.FunctionDef)}


class TestAsvs:
    @pytest.mark.parametrize(("path", "first", "second"), NAMED)
    def test_names_tests_that_exist(self, path: str, first: str, second: str) -> None:
        assert (ROOT / path).is_file()
        assert {first, second} - {""} <= names_in(path)

    def test_has_each_requirement_once_in_order(self) -> None:
        ids = [tuple(map(int, row[0].split("."))) for row in ROWS]
        assert ids == sorted(set(ids))
        assert {id[0] for id in ids} == set(range(1, 18))

    def test_has_the_levels_that_it_speaks_of(self) -> None:
        assert {level for _, level, _, _ in ROWS} == {"1", "2"}

    def test_gives_each_a_verdict(self) -> None:
        assert all(len(verdict) > 10 for *_, verdict in ROWS)
