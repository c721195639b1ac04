"""Whom PostgreSQL runs as when we are root, which it refuses to be."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

from coditect.local.child import NOBODY, REFUSED
from coditect.local.errors import LocalError
from coditect.local.process import Identity, child_command

_PROBE = 'test -w "$1" && test -x "$1" && exec "$2" --version'


def for_postgres(*, postgres: Path, directory: Path) -> tuple[Identity, int]:
    """Return the first identity that can run the program and write the directory, and the program's major version.

    As root that is nobody in a user namespace, which needs no change of owner; where the kernel refuses one, the real
    nobody. No system user is ever made.
    """
    candidates = (Identity.NAMESPACE, Identity.NOBODY) if os.geteuid() == 0 else (Identity.OURS,)
    refusals = []
    for candidate in candidates:
        try:
            give(directory, to=candidate)
        except OSError as error:
            refusals.append(f"{directory} cannot be given to user nobody ({error.strerror}).")
            continue
        answer = _probe(postgres=postgres, directory=directory, identity=candidate)
        if answer.returncode == 0 and (major := re.search(r"\d+", answer.stdout)):
            return candidate, int(major[0])
        refusals.append(_explain(candidate, answer=answer))
    raise LocalError(
        f"PostgreSQL cannot run here. {' '.join(refusals)} {_advice(postgres=postgres, directory=directory)}"
    )


def give(path: Path, *, to: Identity) -> None:
    """Make a file or tree belong to the identity, if we are root and it does not yet."""
    if os.geteuid() != 0:
        return
    owner = NOBODY if to == Identity.NOBODY else 0
    if path.stat().st_uid == owner:
        return
    for folder, _, files in os.walk(path):
        for name in files:
            shutil.chown(Path(folder) / name, owner, owner)
        shutil.chown(folder, owner, owner)
    if path.is_file():
        shutil.chown(path, owner, owner)


def _probe(*, postgres: Path, directory: Path, identity: Identity) -> subprocess.CompletedProcess[str]:
    probe = ["/bin/sh", "-c", _PROBE, "sh", str(directory), str(postgres)]
    wrapped = child_command(probe, death_signal=signal.SIGKILL, identity=identity)
    return subprocess.run(wrapped, capture_output=True, text=True, check=False)


def _explain(identity: Identity, *, answer: subprocess.CompletedProcess[str]) -> str:
    said = answer.stderr.strip() or "no access"
    if identity == Identity.NAMESPACE and answer.returncode == REFUSED:
        return f"The kernel refused a user namespace ({said})."
    who = {Identity.OURS: "This user", Identity.NAMESPACE: "Root without its powers", Identity.NOBODY: "User nobody"}
    return f"{who[identity]} cannot reach it ({said})."


def _advice(*, postgres: Path, directory: Path) -> str:
    if os.geteuid() == 0:
        return (
            f"Start as a normal user; or move {directory.parent} (CODITECT_DATA_DIR) and {postgres.parent} below a "
            "directory that everybody may enter; or set DATABASE_URL to a server of yours."
        )
    return (
        f"See that {directory} is yours to write and {postgres} yours to run, or set DATABASE_URL to a server of yours."
    )
