"""A world for all cases of an operation; each case's changes are undone."""

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher

from tests import factories
from tests.tables.world import World


@pytest.fixture(autouse=True)
def _quick_hashes(unmeasured: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same algorithm with less work."""
    monkeypatch.setattr(Argon2PasswordHasher, "time_cost", 1)
    monkeypatch.setattr(Argon2PasswordHasher, "memory_cost", 64)
    factories._password_hash.cache_clear()


@pytest.fixture
def world(db: None) -> World:
    """The people and things of the tables."""
    return World()
