"""Fixtures of the tests of the two dialects."""

import pytest

from tests.dialects import Api


@pytest.fixture
def flat(db: None) -> Api:
    """The flat dialect alone, for what only it has."""
    return Api("flat")


@pytest.fixture
def enveloped(db: None) -> Api:
    """The enveloped dialect alone, for what only it has."""
    return Api("enveloped")
