"""Tells, without a network, whether the lock files still answer pyproject.toml: `python -m coditect.local.locks`."""

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from coditect.local.options import ROOT

_PIN = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)(?:\[.*\])?==(?P<version>[^\s;]+)(?P<rest>.*(?:\n[ \t]+.*)*)", re.MULTILINE
)


def complaints(root: Path) -> Iterator[str]:
    """Yield a sentence for each requirement that its lock does not meet, and each pin without a hash."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = {
        "requirements.lock": project["project"]["dependencies"],
        "requirements-local.lock": project["dependency-groups"]["local"],
        "requirements-dev.lock": project["dependency-groups"]["dev"],
    }
    for file_name, requirements in wanted.items():
        text = (root / file_name).read_text(encoding="utf-8")
        yield from _check_lock(file_name, text=text, requirements=requirements)


def _check_lock(file_name: str, *, text: str, requirements: list[str]) -> Iterator[str]:
    pins: dict[str, list[str]] = {}
    for pin in _PIN.finditer(text):
        pins.setdefault(canonicalize_name(pin["name"]), []).append(pin["version"])
        if "--hash=" not in pin["rest"]:
            yield f"{file_name}: {pin['name']} has no hash."
    if "://" in text:
        yield f"{file_name} names a host; packages must come from whatever index the reader has configured."
    for requirement in map(Requirement, requirements):
        versions = pins.get(canonicalize_name(requirement.name), [])
        if not versions or not all(requirement.specifier.contains(version) for version in versions):
            found = " and ".join(versions) or "nothing"
            yield f"{file_name}: pyproject.toml wants {requirement}, the lock has {found}."


def main() -> int:
    found = list(complaints(ROOT))
    for complaint in found:
        sys.stderr.write(f"{complaint}\n")
    if found:
        sys.stderr.write("Run `make lock`.\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
