"""Verdicts are remembered for as long as a test takes, however busy the machine is."""

from datetime import timedelta

import pytest

from licenses import verdicts

NAMES = ("READING", "LIFE", "DOUBT", "MARKED")


def give_time(patch: pytest.MonkeyPatch) -> None:
    """Let each span be an hour longer; which is longer than which stays."""
    for name in NAMES:
        patch.setattr(verdicts, name, getattr(verdicts, name) + timedelta(hours=1))
