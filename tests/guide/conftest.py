"""One real server for all clients."""

from collections.abc import Iterator

import pytest

from tests.guide.client import GuideClient
from tests.live import Live


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The server, without rate limits: the clients log in often."""
    server = Live(tmp_path_factory.mktemp("live"), RATE_LIMIT_FACTOR="0")
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def client(live: Live) -> GuideClient:
    """A client of the demo user, logged in."""
    guide = GuideClient(live.url)
    guide.login(live.demo.user_email, live.demo.user_password)
    return guide
