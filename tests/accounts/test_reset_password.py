"""auth/forgot-password and auth/reset-password."""

import logging
import threading
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import LoginSession, OneTimeToken, User
from accounts.services.one_time_tokens import OneTimeTokenInvalid
from accounts.services.reset_password import request_reset, reset_password
from coditect.journal.models import Event, Mail
from licenses.models import License
from tests.accounts.test_log_in import comparable
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import PASSWORD, Person, make_user
from tests.mails import deliver, deliver_one, token_in

NEW = "NewSecurePass456!"
EMAIL = "ada@example.com"


@pytest.fixture
def ada(db: None) -> User:
    """A user."""
    return make_user(EMAIL)


def forget(api: Api, email: str = EMAIL) -> Answer:
    """Ask for a token."""
    return api.post("forgot-password", {"email": email})


def mailed_token(api: Api, email: str = EMAIL) -> str:
    """The token of a new mail."""
    forget(api, email)
    return token_in(deliver_one())


def reset(api: Api, token: str, password: str = NEW) -> Answer:
    """Spend a token."""
    return api.post("reset-password", {"token": token, "new_password": password})


def status_of_log_in(api: Api, password: str, email: str = EMAIL) -> int:
    """Whether a password opens the door."""
    return api.post("log-in", {"email": email, "password": password}).status


class TestForgotPassword:
    def test_answers_alike_for_every_address(self, api: Api, ada: User) -> None:
        make_user("gone@example.com", is_active=False)
        answers = [comparable(forget(api, email)) for email in (EMAIL, "gone@example.com", "nobody@example.com")]
        assert answers == [answers[0]] * 3
        assert answers[0][0] == 200

    @pytest.mark.parametrize("email", [EMAIL, "nobody@example.com"])
    def test_does_no_more_for_any_address_than_to_queue_a_mail(self, api: Api, ada: User, email: str) -> None:
        with CaptureQueriesContext(connection) as queries:
            forget(api, email)
        assert [query["sql"].split(" (")[0] for query in queries] == ['INSERT INTO "journal_mail"']

    def test_writes_to_users_alone(self, api: Api, ada: User) -> None:
        make_user("gone@example.com", is_active=False)
        for email in (EMAIL, "gone@example.com", "nobody@example.com"):
            forget(api, email)
        assert [letter.to for letter in deliver()] == [[EMAIL]]
        assert set(Mail.objects.values_list("to", flat=True)) == {EMAIL}

    def test_makes_the_token_of_an_earlier_mail_worthless(self, api: Api, ada: User) -> None:
        first, second = mailed_token(api), mailed_token(api)
        assert_problem(reset(api, first), 400, "one_time_token_invalid")
        assert reset(api, second).status == 200

    def test_leaves_the_password_as_it_is(self, api: Api, ada: User) -> None:
        mailed_token(api)
        assert status_of_log_in(api, PASSWORD) == 200


class TestResetPassword:
    def test_sets_the_new_password(self, api: Api, ada: User) -> None:
        assert reset(api, mailed_token(api)).status == 200
        assert (status_of_log_in(api, PASSWORD), status_of_log_in(api, NEW)) == (401, 200)

    def test_works_once(self, api: Api, ada: User) -> None:
        token = mailed_token(api)
        assert reset(api, token).status == 200
        assert_problem(reset(api, token, "AnotherPass789!"), 400, "one_time_token_invalid")
        assert status_of_log_in(api, NEW) == 200

    def test_ends_every_log_in_and_no_seat(self, api: Api, owner: Person, license: License) -> None:
        api = api.as_bearer(owner.token)
        seat = api.post("acquire", {"license_key": license.key_string, "hardware_id": "m"}).data["session_id"]
        assert reset(api, mailed_token(api, owner.membership.user.email)).status == 200
        assert_problem(api.get("licenses"), 401, "token_revoked")
        assert api.patch("heartbeat", session_id=seat).status == 200

    def test_ends_nothing_of_an_outsiders(self, api: Api, owner: Person, outsider: Person) -> None:
        email = outsider.membership.user.email
        assert reset(api, mailed_token(api, owner.membership.user.email)).status == 200
        assert api.as_bearer(outsider.token).get("licenses").status == 200
        assert status_of_log_in(api, PASSWORD, email) == 200

    def test_lasts_an_hour(self, api: Api, ada: User) -> None:
        token = mailed_token(api)
        row = OneTimeToken.objects.get()
        assert row.expires_at - row.created_at == timedelta(hours=1)
        OneTimeToken.objects.update(expires_at=timezone.now())
        assert_problem(reset(api, token), 400, "one_time_token_invalid")

    @pytest.mark.parametrize("password", ["short", "password123", "1234567890", EMAIL])
    def test_refuses_a_weak_password_and_keeps_the_token(self, api: Api, ada: User, password: str) -> None:
        token = mailed_token(api)
        answer = reset(api, token, password)
        assert answer.status == {"flat": 400, "enveloped": 422}[api.dialect]
        assert list(answer.errors) == ["new_password"]
        assert reset(api, token).status == 200

    @pytest.mark.parametrize("missing", ["token", "new_password"])
    def test_needs_both(self, api: Api, missing: str) -> None:
        body = {"token": "x", "new_password": NEW}
        body.pop(missing)
        answer = api.post("reset-password", body)
        assert (answer.status, list(answer.errors)) == (400, [missing])

    def test_refuses_a_token_of_another_purpose(self, api: Api, ada: User) -> None:
        api.post("resend-verification", {"email": EMAIL})
        assert_problem(reset(api, token_in(deliver_one())), 400, "one_time_token_invalid")

    def test_refuses_a_token_of_an_address_that_was_left(self, api: Api, ada: User) -> None:
        token = mailed_token(api)
        User.objects.update(email="other@example.com")
        assert_problem(reset(api, token), 400, "one_time_token_invalid")

    def test_refuses_a_deactivated_user(self, api: Api, ada: User) -> None:
        token = mailed_token(api)
        User.objects.update(is_active=False)
        assert_problem(reset(api, token), 400, "one_time_token_invalid")

    def test_proves_the_address(self, api: Api, ada: User) -> None:
        reset(api, mailed_token(api))
        ada.refresh_from_db()
        assert ada.email_verified_at is not None

    def test_tells_the_user_by_mail(self, api: Api, ada: User) -> None:
        reset(api, mailed_token(api))
        letter = deliver_one()
        assert (letter.to, letter.subject) == ([EMAIL], "Your password was changed")

    def test_is_in_the_journal(self, api: Api, ada: User) -> None:
        reset(api, mailed_token(api))
        assert Event.objects.get(type="user.password_reset").subject_id == ada.pk

    def test_leaves_no_secret_behind(self, api: Api, ada: User, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        logging.getLogger("django.db.backends").setLevel(logging.INFO)
        token = mailed_token(api)
        reset(api, token)
        deliver()
        models = (Event, Mail, OneTimeToken, LoginSession, User)
        rows = str([list(model.objects.values()) for model in models])
        for secret in (token, NEW):
            assert secret not in rows
            assert secret not in caplog.text

    @pytest.mark.django_db(transaction=True)
    def test_works_once_for_many_at_once(self) -> None:
        make_user(EMAIL)
        request_reset(email=EMAIL, now=timezone.now())
        token = token_in(deliver_one())
        outcomes: list[bool] = []
        start = threading.Barrier(8)

        def try_it(number: int) -> None:
            start.wait()
            try:
                reset_password(token=token, new_password=f"{NEW}{number}", now=timezone.now())
                outcomes.append(True)
            except OneTimeTokenInvalid:
                outcomes.append(False)
            finally:
                connections.close_all()

        threads = [threading.Thread(target=try_it, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == [False] * 7 + [True]
