"""How passwords are stored, and how older hashes get renewed."""

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher, PBKDF2PasswordHasher, ScryptPasswordHasher

from accounts.models import User
from tests.dialects import Api
from tests.factories import PASSWORD, make_user

EMAIL = "ada@example.com"


def stored(password_hash: str) -> User:
    """A user with a hash made elsewhere."""
    user = make_user(EMAIL)
    User.objects.filter(pk=user.pk).update(password=password_hash)
    return user


def log_in(api: Api, password: str = PASSWORD) -> int:
    """Log in."""
    return api.post("log-in", {"email": EMAIL, "password": password}).status


class TestNewHash:
    def test_is_argon2id(self) -> None:
        user = User()
        user.set_password(PASSWORD)
        assert user.password.startswith("argon2$argon2id$")


class TestOlderHash:
    @pytest.fixture(params=["pbkdf2", "scrypt", "weaker argon2"])
    def user(self, request: pytest.FixtureRequest, db: None, monkeypatch: pytest.MonkeyPatch) -> User:
        """A user whose password was hashed another way."""
        if request.param == "pbkdf2":
            return stored(PBKDF2PasswordHasher().encode(PASSWORD, "salt" * 6, iterations=1000))
        if request.param == "scrypt":
            return stored(ScryptPasswordHasher().encode(PASSWORD, "salt" * 6, n=16))
        user = stored(Argon2PasswordHasher().encode(PASSWORD, "salt" * 6))
        monkeypatch.setattr(Argon2PasswordHasher, "time_cost", 2)
        return user

    def test_lets_in_and_is_renewed(self, api: Api, user: User) -> None:
        before = User.objects.get().password
        assert log_in(api) == 200
        after = User.objects.get().password
        assert after != before
        assert after.startswith("argon2$argon2id$")
        assert f"t={Argon2PasswordHasher.time_cost}," in after
        assert log_in(api) == 200
        assert User.objects.get().password == after

    def test_is_left_alone_by_a_wrong_password(self, api: Api, user: User) -> None:
        before = User.objects.get().password
        assert log_in(api, "wrong") == 401
        assert User.objects.get().password == before
