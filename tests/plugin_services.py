"""Gives the test run a PostgreSQL and a Valkey of its own, thrown away at its end.

Loaded with `-p tests.plugin_services`, because from a conftest the environment would be set too late: pytest-django
reads the settings before. A server that DATABASE_URL or REDIS_URL names is used instead.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import pytest

from coditect.local.errors import LocalError
from coditect.local.postgres import Postgres
from coditect.local.valkey import Valkey


@dataclass(frozen=True, kw_only=True)
class Services:
    """The servers of this test run; None where the environment named one."""

    directory: Path
    postgres: Postgres | None
    valkey: Valkey | None

    def start(self) -> None:
        servers = [server for server in (self.valkey, self.postgres) if server is not None]
        for server in servers:
            server.launch()
        for server in servers:
            server.wait_ready()

    def stop(self) -> None:
        for server in (self.valkey, self.postgres):
            if server is not None:
                server.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def environment(self) -> dict[str, str]:
        values = {
            "CODITECT_ENV": "development",
            # Keeps the settings away from the run.env of a `make run` beside the tests.
            "CODITECT_DATA_DIR": str(self.directory),
            "SECRET_KEY": secrets.token_urlsafe(48),
        }
        if self.postgres is not None:
            values["DATABASE_URL"] = self.postgres.url
        if self.valkey is not None:
            values["REDIS_URL"] = self.valkey.url
        return values


services_key = pytest.StashKey[Services]()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    is_xdist_worker = "PYTEST_XDIST_WORKER" in os.environ
    if is_xdist_worker:
        _take_own_redis_database()
    options = early_config.known_args_namespace
    if not (is_xdist_worker or options.help or options.version):
        services = _make_services()
        early_config.stash[services_key] = services
        try:
            services.start()
        except LocalError as error:
            services.stop()
            raise pytest.UsageError(str(error)) from None
        os.environ.update(services.environment())
    return (yield)


def pytest_unconfigure(config: pytest.Config) -> None:
    services = config.stash.get(services_key, None)
    if services is not None:
        services.stop()


def _make_services() -> Services:
    directory = Path(tempfile.mkdtemp(prefix="coditect-tests-"))
    # PostgreSQL may have to run as nobody, who must get through to its own directory inside.
    directory.chmod(0o711)
    return Services(
        directory=directory,
        postgres=None if os.environ.get("DATABASE_URL") else Postgres(directory / "postgres", durable=False),
        valkey=None if os.environ.get("REDIS_URL") else Valkey(directory / "valkey"),
    )


def _take_own_redis_database() -> None:
    """Each xdist worker empties its Redis between tests, so it must not be another's; pytest-django does the same."""
    number = int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw")) + 1
    os.environ["REDIS_URL"] = f"{os.environ['REDIS_URL'].rpartition('/')[0]}/{number}"
