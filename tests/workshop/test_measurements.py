"""What `make prove` and its like run starts by itself, without the settings and plugins of a test run."""

import os
import subprocess
import sys

import pytest

from tests.workshop.files import ROOT

MODULES = sorted(
    ".".join(path.parent.relative_to(ROOT).parts)
    for path in (ROOT / "tests").rglob("__main__.py")
    if path.parent.name != "simulation"
)


@pytest.mark.parametrize("module", MODULES)
class TestMeasurement:
    def test_starts(self, module: str) -> None:
        env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        done = subprocess.run(
            [sys.executable, "-m", module, "--help"], cwd=ROOT, env=env, check=False, capture_output=True, text=True
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("usage: ")
