"""Fixtures that every test may use."""


import pytest

from accounts.models import Role
from coditect import redis
from licenses.models import License
from tests.dialects import NAMES, Api
from tests.factories import Person, make_license, make_person


@pytest.fixture(autouse=True)
def _empty_redis() -> None:
    """Each test starts with an empty Redis and a closed breaker."""
    redis.breaker.succeeded()
    redis.client.flushdb()



@pytest.fixture(params=NAMES)
def api(request: pytest.FixtureRequest, db: None) -> Api:
    """The API without log-in, in each dialect in turn."""
    return Api(request.param)


@pytest.fixture
def owner(db: None) -> Person:
    """The owner of an organization."""
    return make_person(Role.OWNER)


@pytest.fixture
def outsider(db: None) -> Person:
    """The owner of another organization."""
    return make_person(Role.OWNER)


@pytest.fixture
def license(owner: Person) -> License:
    """A license of the owner's organization with two seats."""
    return make_license(owner.organization, seats=2)
