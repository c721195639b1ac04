"""Receivers, their certificates, and the name server that leads to them."""

from collections.abc import Callable, Iterator

import pytest
from pytest_django import Settings

from tests.webhooks.certificates import Authority
from tests.webhooks.listeners import Listener
from tests.webhooks.name_server import NameServer
from webhooks import sender

Listen = Callable[..., Listener]


@pytest.fixture
def name_server(settings: Settings) -> Iterator[NameServer]:
    """The only name server that webhooks ask."""
    server = NameServer()
    settings.WEBHOOK_NAME_SERVERS = [server.address]
    yield server
    server.close()


@pytest.fixture
def listen() -> Iterator[Listen]:
    """Starts receivers."""
    listeners: list[Listener] = []

    def start(*arguments: object, **options: object) -> Listener:
        listeners.append(Listener(*arguments, **options))  # type: ignore[arg-type]  # passed on as they came
        return listeners[-1]

    yield start
    for listener in listeners:
        listener.close()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority."""
    return Authority(tmp_path_factory.mktemp("authority"), "Throw-away authority")


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[Authority]:
    """The authority, trusted by this process as the system's are."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    sender.tls.cache_clear()
    yield authority
    sender.tls.cache_clear()
