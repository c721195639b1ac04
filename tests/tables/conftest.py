"""A world for all cases of an operation; each case's changes are undone."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from pytest_django import Settings

from subscriptions import stripe
from tests import factories
from tests.fake_stripe.client import InProcessClient
from tests.tables.world import World


@pytest.fixture(autouse=True)
def _quick_hashes(unmeasured: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same algorithm with less work."""
    monkeypatch.setattr(Argon2PasswordHasher, "time_cost", 1)
    monkeypatch.setattr(Argon2PasswordHasher, "memory_cost", 64)
    factories._password_hash.cache_clear()


@pytest.fixture
def world(db: None, settings: Settings) -> Iterator[World]:
    """The people and things of the tables."""
    world = World()
    settings.STRIPE_SECRET_KEY = world.fake.key
    stripe.talk_through(InProcessClient(world.fake))
    yield world
    stripe.talk_through(None)
    world.fake.close()
