"""docs/license-keys.md: the published programs agree with the server."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from licenses import keys
from tests.verifiers import NODE
from tests.workshop.files import code_block, read

DOCUMENT = read("docs/license-keys.md")
EXAMPLE = "PROD-2026-0123-4567-89AB-CDEF-GHJK-MNPQ-RS1T"
ISSUED = [keys.generate(environment=environment, year=2026) for environment in ("production", "sandbox", "development")]
WELL_FORMED = [EXAMPLE, EXAMPLE.lower().replace("-", " "), EXAMPLE.replace("0", "O"), *ISSUED]
MALFORMED = [EXAMPLE.replace("0123", "0132"), EXAMPLE[:-1] + "S", EXAMPLE.replace("PROD", "TEST")]
FOREIGN = ["PROD-2025-ABCD-1234", "", "PROD-2026-UUUU-4567-89AB-CDEF-GHJK-MNPQ-RS1T"]
VERDICTS = dict.fromkeys(WELL_FORMED + FOREIGN, False) | dict.fromkeys(MALFORMED, True)


@pytest.fixture(scope="module")
def published_check() -> Callable[[str], bool]:
    """The document's Python program."""
    names: dict[str, Callable[[str], bool]] = {}
    exec(code_block(DOCUMENT, "python"), names)  # noqa: S102 (our own document)
    return names["is_malformed"]


class TestExample:
    def test_stands_in_the_document(self) -> None:
        assert EXAMPLE in DOCUMENT

    def test_is_calculated_as_the_document_says(self) -> None:
        normalized = keys.normalize(EXAMPLE)
        assert normalized in DOCUMENT
        assert int(normalized[:-2], 36) % keys.CHECK_MODULUS == 58
        assert (keys.ALPHABET[1], keys.ALPHABET[26]) == ("1", "T")


class TestPythonProgram:
    @pytest.mark.parametrize("key", list(VERDICTS), ids=[f"key-{number}" for number in range(len(VERDICTS))])
    def test_agrees_with_the_server(self, published_check: Callable[[str], bool], key: str) -> None:
        assert published_check(key) is keys.is_malformed(keys.normalize(key)) is VERDICTS[key]


class TestTypeScriptProgram:
    def test_agrees_with_the_server(self, tmp_path: Path) -> None:
        program = code_block(DOCUMENT, "typescript")
        script = f"{program}\nconsole.log(JSON.stringify({json.dumps(list(VERDICTS))}.map(isMalformed)));"
        (tmp_path / "check.mts").write_text(script, encoding="utf-8")
        done = subprocess.run([NODE, tmp_path / "check.mts"], capture_output=True, text=True, check=True)
        assert json.loads(done.stdout) == list(VERDICTS.values())
