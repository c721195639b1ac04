"""Remembers that the embedded database was migrated and seeded, so that it is not done again for nothing.

A start with nothing to do would otherwise spend most of its time in loading Django only to find that out.
"""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from coditect.local.files import write_private
from coditect.local.options import ROOT
from coditect.local.programs import Demo

# Whatever may ask for other tables or other demo rows: our migrations, the packages', and the seed.
_SOURCES = ("requirements.lock", "*/migrations/*.py", "*/*/migrations/*.py", "*/management/commands/seed_demo.py")


def recall(stamp: Path, *, root: Path = ROOT) -> Demo | None:
    """Return the demo of the last preparation; None if there was none or something has changed."""
    try:
        kept = json.loads(stamp.read_text(encoding="utf-8"))
        return Demo(**kept["demo"]) if kept["sources"] == _fingerprint(root) else None
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def remember(stamp: Path, demo: Demo, *, root: Path = ROOT) -> None:
    """Note a finished preparation, beside the data that it is about: they should be deleted together."""
    write_private(stamp, json.dumps({"sources": _fingerprint(root), "demo": asdict(demo)}))


def _fingerprint(root: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for pattern in _SOURCES for path in root.glob(pattern)):
        digest.update(f"{path.relative_to(root)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
