"""Support sees what keeps a user from logging in, and releases them."""

import html

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import LogInCode, TotpDevice, User
from accounts.services.one_time_codes import mint_code
from accounts.services.totp import begin_totp
from coditect.journal.models import Event, RateWindow
from tests.api.outages import redis_away
from tests.console.conftest import signed_in
from tests.console.test_credentials import run
from tests.dialects import Api
from tests.factories import PASSWORD, Person, make_user

WRONG = "wrong"


def page(client: Client, user: User) -> str:
    """The form of a user."""
    response = client.get(reverse("admin:accounts_user_change", args=[user.pk]))
    assert response.status_code == 200
    return html.unescape(response.content.decode())


def attempt(api: Api, user: User, password: str = WRONG) -> int:
    """The status of a try to log in."""
    return api.post("log-in", {"email": user.email, "password": password}).status


def lock_out(api: Api, user: User) -> None:
    """Try in vain until nothing is tried any more."""
    assert [attempt(api, user) for _ in range(6)] == [401] * 5 + [429]


@pytest.fixture
def user(owner: Person) -> User:
    """Somebody who forgot their password."""
    return owner.membership.user


class TestLockouts:
    def test_are_none_at_first(self, administrator: Client, user: User) -> None:
        assert "nothing" in page(administrator, user)

    def test_are_shown_with_their_addresses(self, administrator: Client, api: Api, user: User) -> None:
        lock_out(api, user)
        attempt(api, make_user())
        text = page(administrator, user)
        assert "tries from 127.0.0.1: 5, for " in text
        assert "tries from all addresses: 5, for " in text
        assert text.count("tries from") == 2

    def test_tell_of_second_factors_and_codes(self, administrator: Client, user: User) -> None:
        now = timezone.now()
        begin_totp(user=user, now=now)
        TotpDevice.objects.update(failures=3, failing_since=now, confirmed_at=now)
        mint_code(email=user.email, now=now)
        LogInCode.objects.update(tries=2)
        text = page(administrator, user)
        assert "wrong second factors, of 5: 3" in text
        assert "tries of the last mailed code, of 5: 2" in text

    def test_without_redis_are_those_in_postgres(self, administrator: Client, api: Api, user: User) -> None:
        with redis_away():
            lock_out(api, user)
            text = page(administrator, user)
        assert "tries from 127.0.0.1: " in text
        assert "Redis is away" in text


class TestRelease:
    def test_lets_the_user_try_again_at_once(self, administrator: Client, api: Api, user: User) -> None:
        lock_out(api, user)
        assert "1 released" in run(administrator, "user", "release", [user.pk])
        assert attempt(api, user, PASSWORD) == 200

    def test_leaves_others_locked_out(self, administrator: Client, api: Api, user: User, outsider: Person) -> None:
        lock_out(api, outsider.membership.user)
        run(administrator, "user", "release", [user.pk])
        assert attempt(api, outsider.membership.user) == 429

    def test_forgets_second_factors_and_codes(self, administrator: Client, user: User, outsider: Person) -> None:
        now = timezone.now()
        for one in (user, outsider.membership.user):
            begin_totp(user=one, now=now)
            mint_code(email=one.email, now=now)
        TotpDevice.objects.update(failures=5, failing_since=now)
        LogInCode.objects.update(tries=5)
        run(administrator, "user", "release", [user.pk])
        assert TotpDevice.objects.get(user=user).failures == 0
        assert TotpDevice.objects.get(user=outsider.user_id).failures == 5
        assert sorted(LogInCode.objects.values_list("tries", flat=True)) == [0, 5]

    def test_is_written_down(self, administrator: Client, user: User) -> None:
        run(administrator, "user", "release", [user.pk])
        event = Event.objects.get(type="user.log_in_released")
        assert (event.subject_id, event.actor_id) == (user.pk, User.objects.get(email="root@example.com").pk)

    def test_without_redis_forgets_the_rest_and_says_so(self, administrator: Client, api: Api, user: User) -> None:
        with redis_away():
            lock_out(api, user)
            text = run(administrator, "user", "release", [user.pk])
            assert "Redis is away" in text
            assert not RateWindow.objects.filter(key__startswith="limit:auth-account:").exists()
            assert attempt(api, user, PASSWORD) == 200

    def test_needs_the_right_to_change_users(self, clerk: Client, api: Api, user: User) -> None:
        looker = make_user(is_staff=True)
        looker.user_permissions.add(Permission.objects.get(codename="view_user"))
        lock_out(api, user)
        for client in (clerk, signed_in(looker)):
            run(client, "user", "release", [user.pk])
        assert attempt(api, user, PASSWORD) == 429
        assert not Event.objects.filter(type="user.log_in_released").exists()
