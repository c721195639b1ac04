"""Fixtures that every test may use."""

import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.models.signals import post_migrate
from pytest_django import DjangoDbBlocker, Settings

from accounts.models import Role
from coditect import redis
from coditect.local.fake_stripe.client import InProcessClient
from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.person import Person as Buyer
from licenses import signing
from licenses.models import License
from subscriptions import stripe
from tests.dialects import NAMES, Api
from tests.factories import Person, make_license, make_person
from tests.live import Live
from tests.public_events import watch
from tests.tables.cases import SIZES


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """A test's transaction may idle for as long as the test computes; a server's may not."""
    database = settings.DATABASES["default"]["OPTIONS"]
    database["options"] += " -c idle_in_transaction_session_timeout=0"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Tests that commit are cleared away by a TRUNCATE, which the journal refuses everywhere else."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE journal_event DISABLE TRIGGER journal_event_keep_all")
    # The TRUNCATE takes the plans along, too; it ends with this signal.
    post_migrate.connect(_plant_plans, sender=apps.get_app_config("subscriptions"))


def _plant_plans(**_: Any) -> None:
    import_module("subscriptions.migrations.0002_seed").plant(apps)


@pytest.fixture(scope="session", autouse=True)
def _watched_events() -> Iterator[None]:
    """Whatever any test records is looked at."""
    with watch.watched():
        yield


@pytest.fixture(autouse=True)
def _public_events_are_as_declared() -> Iterator[None]:
    """Nothing under test records a public event that is not what its catalogue says."""
    watch.faults.clear()
    watch.recorded.clear()
    yield
    assert watch.faults == []


@pytest.fixture
def unmeasured() -> Iterator[None]:
    """Inside, coverage does not look: it doubles the time of thousands of cases that run the same lines."""
    tracer = sys.gettrace()
    sys.settrace(None)
    yield
    sys.settrace(tracer)


@pytest.fixture(autouse=True)
def _empty_redis() -> None:
    """Each test starts with an empty Redis, a breaker that knows of no failure, and no other test's signing key."""
    redis.breaker.forget()
    signing.kept.forget()
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


@pytest.fixture
def fake(settings: Settings) -> Iterator[FakeStripe]:
    """A Stripe in memory that the gateway talks to; nothing was bought there."""
    fake = FakeStripe()
    settings.STRIPE_SECRET_KEY = fake.key
    stripe.talk_through(InProcessClient(fake))
    yield fake
    stripe.talk_through(None)
    fake.close()


@pytest.fixture
def buyer(fake: FakeStripe) -> Buyer:
    """Somebody in front of its pages."""
    return Buyer(fake)


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The real server, without rate limits: its clients are many and log in often."""
    server = Live(tmp_path_factory.mktemp("live"), RATE_LIMIT_FACTOR="0")
    try:
        server.start()
        yield server
    finally:
        server.stop()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of pytest-xdist hands over how large its part of the attack tables was."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["tables"] = dict(SIZES)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add up what the workers handed over; one that crashed has nothing."""
    SIZES.update(getattr(node, "workeroutput", {}).get("tables", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell how large the attack tables are."""
    for name, size in sorted(SIZES.items()):
        terminalreporter.write_line(f"{name} table: {size} cases")
