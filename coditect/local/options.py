"""What the environment asks of `make run`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from coditect.local import ports
from coditect.local.errors import LocalError

ROOT = Path(__file__).resolve().parents[2]
_HIGHEST_PORT = 65535


@dataclass(frozen=True, kw_only=True)
class Options:
    """Where to keep data, where to listen, and which servers are the user's own."""

    data_dir: Path
    port: int
    public_url: str
    database_url: str | None
    redis_url: str | None
    has_stripe_key: bool


def read_options(environ: Mapping[str, str]) -> Options:
    """Read and check the variables. Raises LocalError with the sentence for a bad one."""
    environment = environ.get("CODITECT_ENV") or "development"
    if environment != "development":
        raise LocalError(
            f"CODITECT_ENV is {environment}, but `make run` is for development: everybody knows its passwords. "
            "Unset CODITECT_ENV; for other environments see docker-compose.yml."
        )
    port = _read_port(environ.get("PORT") or "8000")
    return Options(
        data_dir=ROOT / Path(environ.get("CODITECT_DATA_DIR") or "var").expanduser(),
        port=port,
        public_url=(environ.get("PUBLIC_URL") or f"http://{ports.LOOPBACK}:{port}").rstrip("/"),
        database_url=environ.get("DATABASE_URL") or None,
        redis_url=environ.get("REDIS_URL") or None,
        has_stripe_key=bool(environ.get("STRIPE_SECRET_KEY")),
    )


def _read_port(text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text) <= _HIGHEST_PORT:
        return int(text)
    raise LocalError(f"PORT is {text!r}; it must be a number from 1 to {_HIGHEST_PORT}.")


def make_data_dir(path: Path) -> None:
    """Create the data directory. Raises LocalError where this user may not write."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        (path / "log").mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise LocalError(
            f"The data directory {path} cannot be made ({error.strerror}). Set CODITECT_DATA_DIR to another place."
        ) from None
    is_ours = all(os.access(folder, os.R_OK | os.W_OK | os.X_OK, effective_ids=True) for folder in (path, path / "log"))
    if not is_ours:
        raise LocalError(
            f"The data directory {path} belongs to another user, perhaps from an earlier start as root. "
            "Delete it, or set CODITECT_DATA_DIR to another place."
        )


def check_port(port: int) -> None:
    """Raise LocalError if the web server could not listen there."""
    try:
        if ports.is_free(port):
            return
    except PermissionError:
        raise LocalError(
            f"This user may not listen on port {port}. Choose one from 1024 up: PORT=8001 make run"
        ) from None
    free = next((other for other in range(port + 1, _HIGHEST_PORT) if ports.is_free(other)), 8001)
    raise LocalError(
        f"Port {port} is taken by another program. Stop that program, or choose another port: PORT={free} make run"
    )
