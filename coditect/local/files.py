"""Secrets and locks in the data directory."""

import fcntl
import os
import secrets
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    draft.replace(path)


def kept_secret(path: Path, *, size: int = 32) -> str:
    """Read a secret, made at first use. It is URL-safe and needs no quoting anywhere."""
    if not path.exists():
        write_private(path, secrets.token_urlsafe(size))
    return path.read_text(encoding="utf-8").strip()


def try_lock(path: Path) -> int | None:
    """Lock a file and return its descriptor; None when another process holds it.

    The lock lives as long as any process has the descriptor open, so a child that inherits it keeps it held.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
