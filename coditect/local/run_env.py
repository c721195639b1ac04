"""The file that tells `manage.py` beside a running set where its servers are."""

from collections.abc import Mapping
from pathlib import Path

from coditect.local.files import write_private

FILE_NAME = "run.env"


def write(path: Path, values: Mapping[str, str]) -> None:
    """Write `KEY='value'` lines as python-dotenv reads them. (It would expand a `${NAME}`, which no address needs.)"""
    write_private(path, "".join(f"{name}='{_escape(value)}'\n" for name, value in values.items()))


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")
