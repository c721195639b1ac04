""".env.example against the code: each variable that is read is described, and no other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workshop.files import APPS, ROOT, documented_variables, python_files, read

NAME = re.compile(r"[A-Z][A-Z_]+")
# Django's own, and pip's and the terminal's: not settings of this server.
NOT_SETTINGS = {"DJANGO_SETTINGS_MODULE"}
FOR_COMPOSE_ALONE = {"POSTGRES_PASSWORD", "REDIS_PASSWORD"}
READERS = {
    "get",
    "getenv",
    "text",
    "web_url",
    "origins",
    "embedded",
    "number",
    "flag",
    "words",
    "choice",
    "database",
    "redis",
    "mail_server",
    "mailbox",
    "encryption_keys",
    "public_keys",
    "name_servers",
    "private_key",
    "stripe_key",
    "days_by_word",
}


def variables_read(path: Path) -> Iterator[str]:
    """Names given as first argument to a reader of the environment, or as key to os.environ."""
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            owner, key = ast.unparse(node.func.value), node.args[0]
            is_reader = node.func.attr in READERS and re.fullmatch(r"os|self|(os\.)?environ(ment)?", owner)
        elif isinstance(node, ast.Subscript):
            owner, key = ast.unparse(node.value), node.slice
            is_reader = re.fullmatch(r"(os\.)?environ", owner)
        else:
            continue
        if is_reader and isinstance(key, ast.Constant) and isinstance(key.value, str) and NAME.fullmatch(key.value):
            yield key.value


READ = {name for path in python_files() if path.parts[0] in APPS for name in variables_read(path)} - NOT_SETTINGS


class TestEnvExample:
    def test_describes_every_variable_that_the_code_reads(self) -> None:
        assert READ - documented_variables() == set()

    def test_describes_no_other(self) -> None:
        assert documented_variables() - READ == FOR_COMPOSE_ALONE

    def test_finds_the_variables_at_all(self) -> None:
        assert {"SECRET_KEY", "DATABASE_URL", "CODITECT_ENV", "BIND", "PORT"} <= READ

    @pytest.mark.parametrize("name", sorted(documented_variables()))
    def test_says_above_each_what_it_is_for(self, name: str) -> None:
        lines = read(".env.example").splitlines()
        at = next(i for i, line in enumerate(lines) if re.match(rf"#?{name}=", line))
        # Two variables may share a description.
        above = [line for line in lines[max(0, at - 2) : at] if line.startswith("# ")]
        assert above
