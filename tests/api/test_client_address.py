"""Whose address a request has: what proxies of ours say is believed, what the client says is not."""

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from coditect.api.client import client_ip
from coditect.journal.models import Event
from tests.dialects import Api

REGISTRATION = {
    "email": "ada@example.com",
    "password": "SecurePass123!",
    "full_name": "Ada",
    "company_name": "Acme",
}


def validations_left(api: Api, forwarded: str) -> int:
    """Validate a key by way of proxies, and return what is left of the limit."""
    answer = api.with_headers(x_forwarded_for=forwarded).post("validate", {"key_string": "x"})
    return int(answer.headers["X-RateLimit-Remaining"])


class TestClientAddress:
    @pytest.mark.parametrize(
        ("proxies", "forwarded", "address"),
        [
            (0, "", "10.0.0.9"),
            (0, "203.0.113.7", "10.0.0.9"),
            (1, "", "10.0.0.9"),
            (1, "203.0.113.7", "203.0.113.7"),
            (1, "198.51.100.1, 203.0.113.7", "203.0.113.7"),
            (1, "198.51.100.1,203.0.113.7,", "203.0.113.7"),
            (2, "203.0.113.7", "10.0.0.9"),
            (2, "203.0.113.7, 10.0.0.1", "203.0.113.7"),
            (2, "198.51.100.1, 203.0.113.7, 10.0.0.1", "203.0.113.7"),
            (1, "2001:db8::1", "2001:db8::1"),
            (1, "2001:DB8:0::1", "2001:db8::1"),
            (1, "203.0.113.7:51234", "203.0.113.7"),
            (1, "[2001:db8::1]:443", "2001:db8::1"),
            (1, "[2001:db8::1]", "2001:db8::1"),
            (1, "fe80::1%eth0", "fe80::1"),
            (1, "unknown", "10.0.0.9"),
            (1, "_hidden", "10.0.0.9"),
            (1, "203.0.113.7.example", "10.0.0.9"),
            (1, "203.0.113.7; DROP TABLE", "10.0.0.9"),
        ],
    )
    def test_is_what_the_outermost_proxy_of_ours_saw(
        self, settings: Settings, proxies: int, forwarded: str, address: str
    ) -> None:
        settings.TRUSTED_PROXIES = proxies
        headers = {"x-forwarded-for": forwarded} if forwarded else {}
        assert client_ip(RequestFactory().get("/", headers=headers, REMOTE_ADDR="10.0.0.9")) == address

    def test_is_local_over_a_unix_socket(self) -> None:
        assert client_ip(RequestFactory().get("/", REMOTE_ADDR="")) == "127.0.0.1"

    @pytest.mark.parametrize("forwarded", ["unknown", "203.0.113.7:51234", "fe80::1%eth0"])
    def test_never_breaks_a_request(self, api: Api, settings: Settings, forwarded: str) -> None:
        settings.TRUSTED_PROXIES = 1
        assert api.with_headers(x_forwarded_for=forwarded).post("register", REGISTRATION).status == 201

    def test_goes_into_the_journal(self, api: Api, settings: Settings) -> None:
        settings.TRUSTED_PROXIES = 1
        api.with_headers(x_forwarded_for="203.0.113.7").post("register", REGISTRATION)
        assert set(Event.objects.values_list("ip", flat=True)) == {"203.0.113.7"}


class TestCountingByAddress:
    def test_is_not_evaded_by_a_forged_header(self, api: Api) -> None:
        assert [validations_left(api, f"203.0.113.{n}") for n in range(3)] == [59, 58, 57]

    def test_is_not_evaded_before_our_proxy(self, api: Api, settings: Settings) -> None:
        settings.TRUSTED_PROXIES = 1
        assert [validations_left(api, f"203.0.113.{n}, 198.51.100.1") for n in range(3)] == [59, 58, 57]

    def test_tells_clients_behind_our_proxy_apart(self, api: Api, settings: Settings) -> None:
        settings.TRUSTED_PROXIES = 1
        assert [validations_left(api, f"203.0.113.{n}") for n in range(3)] == [59, 59, 59]

    @pytest.mark.parametrize(
        ("first", "second", "is_same"),
        [
            ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
            ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
            ("::ffff:203.0.113.7", "203.0.113.7", True),
            ("::ffff:203.0.113.7", "::ffff:203.0.113.8", False),
        ],
    )
    def test_takes_a_64_of_ipv6_for_one(
        self, api: Api, settings: Settings, first: str, second: str, is_same: bool
    ) -> None:
        settings.TRUSTED_PROXIES = 1
        assert [validations_left(api, first), validations_left(api, second)] == [59, 58 if is_same else 59]
