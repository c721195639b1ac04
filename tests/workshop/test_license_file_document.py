"""docs/license-files.md: what it says is so, and its programs are the ones that were tried.

tests/licenses/test_forged_files.py runs them. A machine need not have every tool, and must not pass what it could not
try; so a program for a tool that may be missing is held to the one that was last tried, by its digest.
"""

import hashlib
import json
import re

import pytest

from licenses.models import License
from licenses.services.license_files import SCHEMA_VERSION, sign_license_file
from licenses.signing import ALGORITHM, LICENSE_FILE
from tests.factories import Person
from tests.licenses.forged_files import ISSUED, decode
from tests.verifiers import VERIFIERS, recipe
from tests.workshop.files import read

DOCUMENT = read("docs/license-files.md")
# Change one of these only after a run on a machine with Go; after a reader who knows C# and its library agreed.
TRIED = {
    "go": "0df302d6c4adf35195b67944e74d67ec7b589e0d9a4122cb2e469117fd0fc0d8",
    "csharp": "91baac558b2d1ba3b450f475a5610a40a10d5a0f34f714fd3506a665ed519b0c",
}


class TestPrograms:
    @pytest.mark.parametrize("language", list(TRIED))
    def test_are_those_that_were_tried(self, language: str) -> None:
        digest = hashlib.sha256(recipe(language).encode()).hexdigest()
        assert digest == TRIED[language], f"The program in {language} was changed: try it, then write down {digest}."

    def test_are_tried_by_whoever_can(self) -> None:
        languages = set(re.findall(r"^```(\w+)$", DOCUMENT, re.MULTILINE))
        assert languages <= set(VERIFIERS) | set(TRIED)
        assert {"python", "typescript"} <= set(VERIFIERS)

    @pytest.mark.parametrize("language", ["python", "typescript", "go", "csharp"])
    def test_take_nothing_but_license_files_of_this_kind(self, language: str) -> None:
        program = recipe(language)
        assert f'"{LICENSE_FILE}"' in program
        assert f'"{ALGORITHM}"' in program
        assert re.search(rf"(!=|!==) {SCHEMA_VERSION}\b", program)


class TestFields:
    def test_are_those_of_a_file(self, owner: Person, license: License) -> None:
        file = json.loads(sign_license_file(membership=owner.membership, license_id=license.pk, now=ISSUED))
        table = DOCUMENT.partition("What is signed:")[2].partition("`jwks.json`")[0]
        named = [
            name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
        ]
        assert named == list(json.loads(decode(file["payload"])))
