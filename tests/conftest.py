"""Fixtures that every test may use."""

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db import connection
from django.db.models.signals import post_migrate
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker, Settings

from accounts.models import Role
from coditect import redis
from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.person import Person as Buyer
from licenses import signing
from licenses.models import License
from subscriptions import stripe
from tests.clearing import clear, may_clear, plant_plans
from tests.dialects import NAMES, Api
from tests.factories import Person, make_license, make_person
from tests.fake_stripe.client import InProcessClient
from tests.live import Live, prepare
from tests.public_events import watch
from tests.tables.cases import SIZES


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """A test's transaction may idle for as long as the test computes; a server's may not."""
    database = settings.DATABASES["default"]["OPTIONS"]
    database["options"] += " -c idle_in_transaction_session_timeout=0"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """What tests commit is cleared away: quickly where we may, else by a TRUNCATE that the journal must not refuse."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        if may_clear():
            TransactionTestCase._fixture_teardown = clear  # type: ignore[attr-defined]  # not in the stubs
        else:
            cursor.execute("ALTER TABLE journal_event DISABLE TRIGGER journal_event_keep_all")
            # The TRUNCATE takes the plans along, too; it ends with this signal.
            post_migrate.connect(plant_plans, sender=apps.get_app_config("subscriptions"))
    yield
    # Dropping the database waits for the disk.
    connection.settings_dict["OPTIONS"]["options"] += " -c statement_timeout=0"


@pytest.fixture(scope="session", autouse=True)
def _quick_hashes() -> Iterator[None]:
    """The same algorithm with the least work: the tests hash thousands of passwords. The live servers do all of it."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name, least in (("time_cost", 1), ("memory_cost", 8), ("parallelism", 1)):
            monkeypatch.setattr(Argon2PasswordHasher, name, least)
        yield


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
def prepared() -> Path:
    """The database that live servers begin with, in the directory that all workers of the run share."""
    return prepare(Path(os.environ["CODITECT_DATA_DIR"]))


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Iterator[Live]:
    """The real server, without rate limits: its clients are many and log in often."""
    quick = {"DJANGO_SETTINGS_MODULE": "tests.quick_settings"}
    server = Live(tmp_path_factory.mktemp("live"), prepared=prepared, RATE_LIMIT_FACTOR="0", **quick)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def pytest_collection_finish() -> None:
    """Never look for garbage among what was imported."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Where workers take whole files, they begin with those that wait most."""
    from tests.schedule import SomeWait

    return SomeWait(config, log) if config.getvalue("dist") == "loadfile" else None


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
