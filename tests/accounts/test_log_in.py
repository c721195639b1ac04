"""POST auth/token (flat) and auth/login (enveloped)."""

import re
from datetime import timedelta
from typing import Any

import pytest
from argon2 import low_level
from django.utils import timezone

from accounts.models import LoginSession, User
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import PASSWORD, make_user

EMAIL = "ada@example.com"
FIELDS = {"access", "refresh", "token_type", "expires_in"}


@pytest.fixture
def ada(db: None) -> User:
    """A user."""
    return make_user(EMAIL)


def make_user_without_password(email: str) -> None:
    """A user who cannot log in with any password."""
    user = make_user(email)
    user.set_unusable_password()
    user.save()


def log_in(api: Api, email: str = EMAIL, password: str = PASSWORD) -> Answer:
    """Ask for tokens."""
    return api.post("log-in", {"email": email, "password": password})


def comparable(answer: Answer) -> tuple[int, bytes, dict[str, str]]:
    """An answer without what differs each time."""
    content = re.sub(rb"req_[0-9a-f]{24}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"", answer.content)
    volatile = {"X-Request-ID", "X-RateLimit-Reset"}
    return answer.status, content, {name: value for name, value in answer.headers.items() if name not in volatile}


class TestLogIn:
    def test_hands_out_tokens_in_flat(self, ada: User) -> None:
        answer = log_in(Api("flat"))
        assert (answer.status, set(answer.json)) == (200, FIELDS)
        assert (answer.json["token_type"], answer.json["expires_in"]) == ("Bearer", 900)

    def test_hands_out_tokens_and_the_user_in_enveloped(self, ada: User) -> None:
        answer = log_in(Api("enveloped"))
        assert (answer.status, set(answer.data)) == (200, FIELDS | {"user"})
        assert (answer.data["token_type"], answer.data["expires_in"]) == ("Bearer", 900)
        assert set(answer.data["user"]) == {"id", "email", "full_name", "email_verified", "created_at"}
        assert (answer.data["user"]["id"], answer.data["user"]["email"]) == (str(ada.pk), EMAIL)

    def test_hands_out_tokens_that_work(self, api: Api, ada: User) -> None:
        tokens = log_in(api).data
        assert api.as_bearer(tokens["access"]).get("sessions").code == "organization_not_found"
        assert api.post("refresh", {"refresh": tokens["refresh"]}).status == 200

    @pytest.mark.parametrize("email", ["ADA@example.com", " ada@Example.COM "])
    def test_takes_the_address_however_written(self, api: Api, ada: User, email: str) -> None:
        assert log_in(api, email).status == 200

    def test_begins_a_login_session(self, api: Api, ada: User) -> None:
        before = timezone.now()
        answer = log_in(api.with_headers(user_agent="Desk/1.0 " + "x" * 300))
        login = LoginSession.objects.get()
        assert (login.user, login.ip, login.user_agent) == (ada, "127.0.0.1", ("Desk/1.0 " + "x" * 300)[:200])
        assert before <= login.created_at <= timezone.now()
        assert abs(login.expires_at - before - timedelta(days=7)) < timedelta(seconds=5)
        assert answer.data["refresh"] not in str(vars(login))

    def test_begins_another_session_each_time(self, api: Api, ada: User) -> None:
        assert log_in(api).data["refresh"] != log_in(api).data["refresh"]
        assert LoginSession.objects.count() == 2


class TestRefusedLogIn:
    @pytest.mark.parametrize("password", ["wrong", PASSWORD.lower(), f"{PASSWORD} ", f" {PASSWORD}"])
    def test_is_a_401(self, api: Api, ada: User, password: str) -> None:
        answer = log_in(api, password=password)
        assert_problem(answer, 401, "invalid_credentials")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert not LoginSession.objects.exists()

    def test_does_not_tell_whether_the_account_exists(self, api: Api, ada: User) -> None:
        make_user("off@example.com", is_active=False)
        make_user_without_password("sso@example.com")
        answers = [
            log_in(api, password="wrong"),
            log_in(api, "nobody@example.com"),
            log_in(api, "not an address"),
            log_in(api, "off@example.com"),
            log_in(api, "sso@example.com"),
        ]
        assert [comparable(answer) for answer in answers] == [comparable(answers[0])] * len(answers)

    @pytest.mark.parametrize("email", [EMAIL, "nobody@example.com", "off@example.com", "sso@example.com"])
    def test_takes_the_work_of_one_hash(self, api: Api, ada: User, email: str, monkeypatch: pytest.MonkeyPatch) -> None:
        make_user("off@example.com", is_active=False)
        make_user_without_password("sso@example.com")
        hashed = count_hashes(monkeypatch)
        assert log_in(api, email, "wrong").status == 401
        assert len(hashed) == 1

    def test_meets_a_deactivated_user(self, api: Api, ada: User) -> None:
        ada.is_active = False
        ada.save()
        assert_problem(log_in(api), 401, "invalid_credentials")
        assert not LoginSession.objects.exists()

    @pytest.mark.parametrize("body", [{}, {"email": EMAIL}, {"password": PASSWORD}, {"email": 5, "password": 5}])
    def test_for_missing_fields_is_a_400(self, api: Api, ada: User, body: dict[str, Any]) -> None:
        answer = api.post("log-in", body)
        assert_problem(answer, 400, "validation_failed" if api.dialect == "flat" else "invalid_request")


def count_hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note each time that argon2 computes a hash, to make or to verify one."""
    counted: list[str] = []

    def watched(name: str) -> Any:
        original = getattr(low_level, name)

        def watch(*args: Any, **kwargs: Any) -> Any:
            counted.append(name)
            return original(*args, **kwargs)

        return watch

    monkeypatch.setattr("argon2.low_level.hash_secret", watched("hash_secret"))
    monkeypatch.setattr("argon2._password_hasher.verify_secret", watched("verify_secret"))
    return counted
