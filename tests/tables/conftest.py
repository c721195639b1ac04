"""A world for all tests of a module; what each test, and each case in it, changes is undone."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

from tests import factories
from tests.tables.world import World


def _hash_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same algorithm with less work."""
    monkeypatch.setattr(Argon2PasswordHasher, "time_cost", 1)
    monkeypatch.setattr(Argon2PasswordHasher, "memory_cost", 64)
    factories._password_hash.cache_clear()


@pytest.fixture(autouse=True)
def _quick_hashes(unmeasured: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """In every test of the tables."""
    _hash_quickly(monkeypatch)


@pytest.fixture(scope="module")
def _first_world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """Made in a transaction around those of the tests: to make one takes longer than most tests."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as monkeypatch:
        _hash_quickly(monkeypatch)
        around = transaction.atomic()
        around.__enter__()
        world = World()
        # Now, or each test would look at all these rows again.
        connection.check_constraints()
    yield world
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        around.__exit__(None, None, None)


@pytest.fixture
def world(_first_world: World, db: None) -> World:
    """The people and things of the tables."""
    return _first_world.again()
