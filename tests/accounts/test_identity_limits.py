"""How often one may ask for mails, and try what they carry."""

import pytest

from accounts.models import User
from tests.accounts.test_log_in_limits import limited
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import PASSWORD, Person

BY_ADDRESS = ["resend-verification", "forgot-password", "request-code", "verify-code"]
BY_TOKEN = ["verify-email", "reset-password", "confirm-change-email"]


def attempt(api: Api, name: str, number: int = 0) -> Answer:
    """A try about one address or one token."""
    body = {"email": f"user-{number}@example.com", "token": f"token-{number}"}
    return api.post(name, body | {"code": "000000", "new_password": "NewSecurePass456!"})


class TestLimit:
    @pytest.mark.parametrize("name", BY_ADDRESS + BY_TOKEN)
    def test_is_five_a_minute_for_one_account_or_token(self, api: Api, name: str) -> None:
        answers = [attempt(api, name) for _ in range(7)]
        assert limited(answers) == [False] * 5 + [True] * 2
        assert_problem(answers[-1], 429, "rate_limit_exceeded")

    @pytest.mark.parametrize("name", BY_ADDRESS + BY_TOKEN)
    def test_is_thirty_a_minute_for_one_client(self, api: Api, name: str) -> None:
        answers = [attempt(api, name, number) for number in range(32)]
        assert limited(answers) == [False] * 30 + [True] * 2

    def test_counts_links_like_tokens_in_a_body(self, api: Api) -> None:
        answers = [api.get("verify-email", {"token": "token-0"}) for _ in range(5)]
        assert limited([*answers, attempt(api, "verify-email")]) == [False] * 5 + [True]

    def test_counts_all_that_is_about_one_account_together(self, api: Api) -> None:
        answers = [attempt(api, name) for name in [*BY_ADDRESS, "log-in", "forgot-password"]]
        assert limited(answers) == [False] * 5 + [True]

    @pytest.mark.parametrize("name", ["change-password", "change-email"])
    def test_of_guessing_ones_password_is_that_of_logging_in(self, api: Api, owner: Person, name: str) -> None:
        me = api.as_bearer(owner.token)
        guess = {"current_password": "wrong", "password": "wrong", "new_password": "x", "new_email": "x@example.com"}
        answers = [me.post(name, guess) for _ in range(5)]
        email = User.objects.get(pk=owner.user_id).email
        log_in = api.post("log-in", {"email": email, "password": PASSWORD})
        assert limited([*answers, log_in]) == [False] * 5 + [True]
