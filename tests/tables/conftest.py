"""A world for all tests of a module; what each test, and each case in it, changes is undone."""

from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker, Settings

from subscriptions import stripe
from tests.fake_stripe.client import InProcessClient
from tests.tables.world import World


@pytest.fixture(autouse=True)
def _unmeasured(unmeasured: None) -> None:
    """Every test of the tables."""


@pytest.fixture(scope="module")
def _first_world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """Made in a transaction around those of the tests: to make one takes longer than most tests."""
    with django_db_blocker.unblock():
        around = transaction.atomic()
        around.__enter__()
        world = World()
        # Now, or each test would look at all these rows again.
        connection.check_constraints()
    yield world
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        around.__exit__(None, None, None)
    world.fake.close()


@pytest.fixture
def world(_first_world: World, db: None, settings: Settings) -> Iterator[World]:
    """The people and things of the tables."""
    settings.STRIPE_SECRET_KEY = _first_world.fake.key
    stripe.talk_through(InProcessClient(_first_world.fake))
    yield _first_world.again()
    stripe.talk_through(None)
