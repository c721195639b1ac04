"""The guide's Python client meets the real server."""

import secrets
from collections.abc import Callable

import pytest
import requests

from tests.guide.client import GuideClient
from tests.live import Live


@pytest.fixture
def machine() -> str:
    """A hardware id that no other test uses."""
    return secrets.token_hex(16)


def refused(call: Callable[[], object]) -> requests.Response:
    """The response of a call that must fail."""
    with pytest.raises(requests.HTTPError) as caught:
        call()
    return caught.value.response


class TestGuideClient:
    def test_plays_the_quick_start(self, live: Live) -> None:
        guide = GuideClient(live.url)
        email = f"{secrets.token_hex(6)}@example.com"
        registered = guide.register(email, "SecurePass123!", "Developer", "My Company")
        assert (registered["email"], registered["company_name"]) == (email, "My Company")
        tokens = guide.login(email, "SecurePass123!")
        assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 900)
        listed = guide.licenses(is_active=True)
        assert (listed["count"], listed["licenses"][0]["tier"]) == (1, "free")
        assert isinstance(listed["licenses"][0]["expiry_date"], str)

    def test_holds_a_seat(self, live: Live, client: GuideClient, machine: str) -> None:
        assert client.validate(live.demo.license_key)["valid"] is True
        seat = client.acquire(live.demo.license_key, machine)
        kept = client.heartbeat(seat["session_id"])
        assert kept["session_id"] == seat["session_id"]
        assert kept["is_active"] is True
        released = client.release(seat["session_id"])
        assert released["message"]
        assert released["seats_remaining"] >= 1

    def test_refreshes_again_and_again_with_its_first_refresh_token(self, client: GuideClient) -> None:
        first = client.refresh_token
        for _ in range(3):
            client.access_token = "an.expired.token"
            assert client.licenses()["count"] >= 1
        assert client.refresh_token == first

    def test_finds_the_word_seats_in_a_409(self, live: Live, machine: str) -> None:
        guide = GuideClient(live.url)
        email = f"{secrets.token_hex(6)}@example.com"
        guide.register(email, "SecurePass123!", "Developer", "My Company")
        guide.login(email, "SecurePass123!")
        key = guide.licenses()["licenses"][0]["key_string"]
        seat = guide.acquire(key, machine)
        response = refused(lambda: guide.acquire(key, f"{machine}-2"))
        assert response.status_code == 409
        assert "seats" in response.json()["detail"].lower()
        guide.release(seat["session_id"])
        assert guide.acquire(key, f"{machine}-2")["is_active"] is True

    def test_reads_a_bad_key_from_the_body_alone(self, client: GuideClient) -> None:
        answer = client.validate("PROD-2025-NONE-0000")
        assert answer["valid"] is False
        assert answer["reason"]

    def test_is_told_that_its_session_is_gone(self, live: Live, client: GuideClient, machine: str) -> None:
        session_id = client.acquire(live.demo.license_key, machine)["session_id"]
        client.release(session_id)
        response = refused(lambda: client.heartbeat(session_id))
        assert (response.status_code, response.json()["code"]) == (404, "session_released")
