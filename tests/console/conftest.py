"""Fixtures of the tests of the console: who looks at it."""

from functools import cache

import pytest
from django.test import Client
from django.test.client import ClientHandler

from accounts.models import User
from tests.factories import make_user


def signed_in(user: User) -> Client:
    """A browser in which a user has logged in to the console."""
    client = Client()
    client.handler = _handler()
    client.force_login(user)
    return client


@cache
def _handler() -> ClientHandler:
    """One for the whole run: each new one would load the middleware, which reads the static files, again."""
    return ClientHandler(enforce_csrf_checks=False)


@pytest.fixture
def administrator(db: None) -> Client:
    """A superuser's browser."""
    return signed_in(make_user("root@example.com", is_staff=True, is_superuser=True))


@pytest.fixture
def clerk(db: None) -> Client:
    """The browser of staff without any permission."""
    return signed_in(make_user("clerk@example.com", is_staff=True))
