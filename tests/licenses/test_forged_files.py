"""The table of license files: independent libraries and our published programs believe the good ones alone."""

from pathlib import Path

import pytest

from licenses.models import License
from tests.factories import Person
from tests.licenses.forged_files import Forger
from tests.tables.cases import Table
from tests.verifiers import VERIFIERS

LEAST_CASES = 16


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated via RFC 9864")
@pytest.mark.parametrize("verifier", list(VERIFIERS))
def test_license_files(verifier: str, owner: Person, license: License, tmp_path: Path) -> None:
    forger = Forger(owner, license)
    good, bad = dict(forger.good()), dict(forger.bad())
    assert len(bad) >= LEAST_CASES
    answers = dict(zip([*good, *bad], VERIFIERS[verifier]([*good.values(), *bad.values()], tmp_path), strict=True))
    table = Table("license files")
    for name, answer in answers.items():
        table.judge(f"{name}: {answer or 'believed'}", is_good=bool(answer) is (name in bad))
    table.done()
