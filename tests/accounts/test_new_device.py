"""A mail for a log-in from a device that was not seen for a while."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import LoginSession, User
from coditect.journal.models import Mail
from tests.dialects import Api
from tests.factories import PASSWORD, Person, make_user
from tests.mails import deliver_one, html_of, text_of

HOME, NEIGHBOUR, AWAY = "203.0.113.7", "203.0.113.99", "198.51.100.1"


@pytest.fixture
def ada(settings: Settings) -> User:
    """Somebody who logs in through a proxy that tells from where."""
    settings.TRUSTED_PROXIES = 1
    settings.RATE_LIMIT_FACTOR = 100
    return make_user("ada@example.com")


def log_in(api: Api, user: User, *, ip: str = HOME, agent: str = "Desktop/1.0", days_ago: int = 0) -> None:
    """Log in, perhaps long ago."""
    found = api.with_headers(user_agent=agent, x_forwarded_for=ip)
    assert found.post("log-in", {"email": user.email, "password": PASSWORD}).status == 200
    moment = timezone.now() - timedelta(days=days_ago)
    newest = LoginSession.objects.filter(user=user).latest("created_at")
    LoginSession.objects.filter(pk=newest.pk).update(created_at=moment)


def mails() -> int:
    """How many such mails there are."""
    return Mail.objects.filter(template="new_device").count()


class TestNewDevice:
    def test_is_not_the_first_one(self, api: Api, ada: User) -> None:
        log_in(api, ada)
        assert mails() == 0

    def test_is_another_network(self, api: Api, ada: User) -> None:
        log_in(api, ada)
        log_in(api, ada, ip=AWAY)
        assert mails() == 1

    def test_is_another_program(self, api: Api, ada: User) -> None:
        log_in(api, ada)
        log_in(api, ada, agent="Curl/9")
        assert mails() == 1

    def test_is_told_of_once(self, api: Api, ada: User) -> None:
        for ip in (HOME, AWAY, AWAY, HOME):
            log_in(api, ada, ip=ip)
        assert mails() == 1

    @pytest.mark.parametrize(("first", "second"), [(HOME, NEIGHBOUR), ("2001:db8:1:2::3", "2001:db8:1:9::7")])
    def test_is_not_a_neighbour(self, api: Api, ada: User, first: str, second: str) -> None:
        log_in(api, ada, ip=first)
        log_in(api, ada, ip=second)
        assert mails() == 0

    @pytest.mark.parametrize(("days", "count"), [(89, 0), (91, 1)])
    def test_is_one_not_seen_for_ninety_days(self, api: Api, ada: User, days: int, count: int) -> None:
        log_in(api, ada, days_ago=days)
        log_in(api, ada)
        assert mails() == count

    def test_is_each_users_own(self, api: Api, ada: User) -> None:
        log_in(api, make_user(), ip=AWAY)
        log_in(api, ada)
        log_in(api, ada, ip=AWAY)
        assert mails() == 1

    def test_is_told_to_the_user_with_its_address_and_program(self, api: Api, ada: User) -> None:
        log_in(api, ada)
        log_in(api, ada, ip=AWAY, agent="<b>Evil</b>\thttps://evil.example")
        letter = deliver_one()
        assert letter.to == [ada.email]
        assert AWAY in text_of(letter)
        assert "Evil" in text_of(letter)
        assert "<b>" not in html_of(letter)
        assert 'href="https://evil.example' not in html_of(letter)

    def test_is_no_reason_to_log_a_refused_one_in(self, api: Api, ada: User, owner: Person) -> None:
        log_in(api, ada)
        body = {"email": ada.email, "password": "wrong"}
        assert api.with_headers(x_forwarded_for=AWAY).post("log-in", body).status == 401
        assert mails() == 0
