"""Fixtures of the tests of the console: who looks at it."""

import pytest
from django.test import Client

from accounts.models import User
from tests.factories import make_user


def signed_in(user: User) -> Client:
    """A browser in which a user has logged in to the console."""
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def administrator(db: None) -> Client:
    """A superuser's browser."""
    return signed_in(make_user("root@example.com", is_staff=True, is_superuser=True))


@pytest.fixture
def clerk(db: None) -> Client:
    """The browser of staff without any permission."""
    return signed_in(make_user("clerk@example.com", is_staff=True))
