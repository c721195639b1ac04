"""How often one may guess."""

from typing import Any

import pytest

from accounts.models import User
from coditect import redis
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import make_user

ENDPOINTS = ["register", "log-in"]


def attempt(api: Api, name: str, email: str) -> Answer:
    """A try without a password: it counts, and takes no time."""
    return api.post(name, {"email": email})


def limited(answers: list[Answer]) -> list[bool]:
    """Which of the answers met a limit."""
    return [answer.status == 429 for answer in answers]


class TestLogInLimit:
    @pytest.mark.parametrize("name", ENDPOINTS)
    def test_is_five_a_minute_per_address_and_account(self, api: Api, name: str) -> None:
        answers = [attempt(api, name, "ada@example.com") for _ in range(7)]
        assert limited(answers) == [False] * 5 + [True] * 2
        assert_problem(answers[-1], 429, "rate_limit_exceeded")
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
        assert answers[0].headers["X-RateLimit-Limit"] == "5"

    def test_refuses_also_the_right_password(self, api: Api) -> None:
        make_user("ada@example.com")
        for _ in range(5):
            attempt(api, "log-in", "ada@example.com")
        answer = api.post("log-in", {"email": "ada@example.com", "password": "SecurePass123!"})
        assert_problem(answer, 429, "rate_limit_exceeded")

    def test_is_told_by_one_account_however_written(self, api: Api) -> None:
        emails = ["ada@example.com", "ADA@example.com", " ada@example.com", "ada@EXAMPLE.com", "Ada@example.com"]
        answers = [attempt(api, "log-in", email) for email in [*emails, "aDa@example.com"]]
        assert limited(answers) == [False] * 5 + [True]

    def test_leaves_other_accounts_alone(self, api: Api) -> None:
        for _ in range(6):
            attempt(api, "log-in", "ada@example.com")
        assert attempt(api, "log-in", "eve@example.com").status == 400

    def test_is_thirty_per_address_over_all_accounts(self, api: Api) -> None:
        answers = [attempt(api, "log-in", f"user{number}@example.com") for number in range(32)]
        assert limited(answers) == [False] * 30 + [True] * 2

    def test_is_thirty_per_account_over_all_addresses(self, api: Api, settings: Any) -> None:
        settings.TRUSTED_PROXIES = 1
        answers = [
            attempt(api.with_headers(x_forwarded_for=f"203.0.113.{number}"), "log-in", "ada@example.com")
            for number in range(32)
        ]
        assert limited(answers) == [False] * 30 + [True] * 2

    @pytest.mark.parametrize("email", [None, 5, [], {}, "", "x" * 5000])
    def test_counts_also_what_is_no_address(self, api: Api, email: Any) -> None:
        answers = [api.post("log-in", {"email": email}) for _ in range(6)]
        assert limited(answers) == [False] * 5 + [True]

    def test_keeps_no_address_in_redis(self, api: Api) -> None:
        attempt(api, "log-in", "ada@example.com")
        assert not any(b"ada" in key for key in redis.client.scan_iter("*"))
        assert not User.objects.exists()
