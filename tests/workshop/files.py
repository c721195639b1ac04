"""Reads the repository's files for the tests beside it."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "coditect", "health", "licenses", "subscriptions", "webhooks")
_NOT_OURS = {"var", "node_modules", "__pycache__"}


def read(name: str) -> str:
    """A file's text, by its path from the root."""
    return (ROOT / name).read_text(encoding="utf-8")


def python_files() -> Iterator[Path]:
    """Every Python file of the project, migrations left out, as a path from the root."""
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in _NOT_OURS and not name.startswith(".")]
        if Path(folder).name != "migrations":
            yield from (Path(folder, name).relative_to(ROOT) for name in files if name.endswith(".py"))


def code_block(text: str, language: str) -> str:
    """The first fenced block of a Markdown text in this language."""
    found = re.search(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert found, f"There is no block in {language}."
    return found[1]


def documented_variables() -> set[str]:
    """The names in .env.example, set or shown with their default."""
    return set(re.findall(r"^#?([A-Z][A-Z_]+)=", read(".env.example"), re.MULTILINE))
