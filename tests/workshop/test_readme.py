"""README and the documents beside it: commands, paths and links that exist."""

import re

import pytest
from django.core.management import get_commands
from django.urls import URLPattern, URLResolver, get_resolver

from tests.workshop.files import ROOT, read

DOCUMENTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"] + [
    str(path.relative_to(ROOT)) for path in sorted((ROOT / "docs").rglob("*.md"))
]
TARGETS = set(re.findall(r"^([a-z]+):.*##", read("Makefile"), re.MULTILINE))

every_document = pytest.mark.parametrize("name", DOCUMENTS)


def commands_in(text: str) -> str:
    """What is set as code: the rest is prose, which may make things."""
    return "\n".join(re.findall(r"`[^`\n]+`|^ {4}.*$|^\$ .*$", text, re.MULTILINE))


def routes() -> set[str]:
    """Every path of the API, ids as {id}."""
    found = set()
    for resolver in get_resolver().url_patterns:
        if isinstance(resolver, URLResolver):
            entries = [entry for entry in resolver.url_patterns if isinstance(entry, URLPattern)]
            paths = [f"{resolver.pattern}{entry.pattern}" for entry in entries]
            found |= {re.sub(r"<[^>]+>", "{id}", path) for path in paths if path.startswith(("api/v1/", "v1/"))}
    return found


class TestDocuments:
    @every_document
    def test_name_only_targets_that_make_knows(self, name: str) -> None:
        assert set(re.findall(r"\bmake ([a-z]+)", commands_in(read(name)))) <= TARGETS

    @every_document
    def test_name_only_commands_that_manage_py_knows(self, name: str) -> None:
        assert set(re.findall(r"manage\.py ([a-z_]+)", read(name))) <= set(get_commands())

    @every_document
    def test_link_only_to_files_that_exist(self, name: str) -> None:
        links = re.findall(r"\]\((?!https?://)([^)#]+)", read(name))
        assert [link for link in links if not (ROOT / name).parent.joinpath(link).exists()] == []


class TestReadme:
    def test_shows_the_two_commands(self) -> None:
        assert re.search(r"^ {4}make run\b", read("README.md"), re.MULTILINE)
        assert re.search(r"^ {4}make test\b", read("README.md"), re.MULTILINE)

    def test_lists_every_endpoint_and_no_other(self) -> None:
        rows = re.findall(r"^\|[^|]+\| `[A-Z]+ ([^`]+)` \| `[A-Z]+ ([^`]+)` \|", read("README.md"), re.MULTILINE)
        listed = {f"api/v1/{flat}" for flat, _ in rows} | {f"v1/{enveloped}" for _, enveloped in rows}
        assert listed == routes()

    def test_names_folders_that_exist(self) -> None:
        rows = re.findall(r"^\| (`.*?) \|", read("README.md").partition("## Where things are")[2], re.MULTILINE)
        folders = re.findall(r"`([a-z_/]+/)`", " ".join(rows))
        assert folders
        assert [folder for folder in folders if not (ROOT / folder).is_dir()] == []


class TestDecisionRecords:
    def test_are_numbered_without_a_repetition(self) -> None:
        numbers = [path.name[:4] for path in (ROOT / "docs/decisions").glob("*.md")]
        assert all(number.isdigit() for number in numbers)
        assert len(set(numbers)) == len(numbers)
