"""A logged-in client of the real server."""

import pytest

from tests.guide.client import GuideClient
from tests.live import Live


@pytest.fixture
def client(live: Live) -> GuideClient:
    """A client of the demo user, logged in."""
    guide = GuideClient(live.url)
    guide.login(live.demo.user_email, live.demo.user_password)
    return guide
