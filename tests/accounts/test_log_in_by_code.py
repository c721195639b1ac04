"""auth/otp/request and auth/otp/verify: logging in by a code that is mailed."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import LogInCode, LoginSession, User
from accounts.services import one_time_codes
from accounts.services.one_time_codes import CodeInvalid, log_in_by_code, request_code
from accounts.services.totp import begin_totp, confirm_totp
from coditect.journal.mails import send_due_mails
from coditect.journal.models import Event, Mail
from tests.accounts.test_log_in import FIELDS, comparable
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import make_user
from tests.mails import code_in, deliver, deliver_one

EMAIL = "ada@example.com"


@pytest.fixture(autouse=True)
def _unlimited(settings: Any) -> None:
    """Tries are counted beside the rate limits; these tests want to know of the former."""
    settings.RATE_LIMIT_FACTOR = 0


@pytest.fixture
def ada(db: None) -> User:
    """A user."""
    return make_user(EMAIL)


def ask(api: Api, email: str = EMAIL) -> Answer:
    """Have a code sent."""
    return api.post("request-code", {"email": email})


def verify(api: Api, code: str, email: str = EMAIL) -> Answer:
    """Log in by a code."""
    return api.post("verify-code", {"email": email, "code": code})


def mailed_code(api: Api) -> str:
    """The code of a new mail."""
    ask(api)
    return code_in(deliver_one())


def wrong(code: str) -> str:
    """Another code."""
    return f"{(int(code) + 1) % 1_000_000:06}"


def at_once(work: Callable[[int], object], *, threads: int) -> list[object]:
    """What each of many threads made of the work, started together."""
    start = threading.Barrier(threads)
    outcomes: list[object] = []

    def run(number: int) -> None:
        start.wait()
        try:
            outcomes.append(work(number))
        except CodeInvalid as error:
            outcomes.append(type(error))
        finally:
            connections.close_all()

    crowd = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    return outcomes


class TestRequestCode:
    def test_mails_six_digits(self, api: Api, ada: User) -> None:
        assert ask(api).status == 200
        letter = deliver_one()
        assert (letter.to, letter.subject) == ([EMAIL], "Your code to log in")
        assert re.fullmatch(r"\d{6}", code_in(letter))

    def test_answers_alike_for_every_address(self, api: Api, ada: User) -> None:
        make_user("gone@example.com", is_active=False)
        answers = [comparable(ask(api, email)) for email in (EMAIL, "gone@example.com", "nobody@example.com")]
        assert answers == [answers[0]] * 3
        assert [letter.to for letter in deliver()] == [[EMAIL]]

    def test_makes_an_earlier_code_worthless(self, api: Api, ada: User) -> None:
        first, second = mailed_code(api), mailed_code(api)
        if first != second:
            assert_problem(verify(api, first), 401, "invalid_credentials")
        assert verify(api, second).status == 200

    def test_does_not_send_a_code_that_nobody_waits_for_any_more(self, ada: User) -> None:
        request_code(email=EMAIL, now=timezone.now() - timedelta(minutes=11))
        assert deliver() == []
        assert not Mail.objects.exists()

    def test_is_answered_ten_times_an_hour(self, ada: User) -> None:
        sent = 0
        for _ in range(15):
            request_code(email=EMAIL, now=timezone.now())
            sent += len(deliver())
        assert (sent, LogInCode.objects.count()) == (10, 10)
        Mail.objects.update(created_at=timezone.now() - timedelta(hours=1))
        request_code(email=EMAIL, now=timezone.now())
        assert deliver_one().to == [EMAIL]


class TestLogInByCode:
    def test_hands_out_tokens_in_flat(self, ada: User) -> None:
        answer = verify(Api("flat"), mailed_code(Api("flat")))
        assert (answer.status, set(answer.json)) == (200, FIELDS)

    def test_hands_out_tokens_and_the_user_in_enveloped(self, ada: User) -> None:
        answer = verify(Api("enveloped"), mailed_code(Api("enveloped")))
        assert (answer.status, set(answer.data)) == (200, FIELDS | {"user"})
        assert answer.data["user"]["email"] == EMAIL

    def test_hands_out_tokens_that_work(self, api: Api, ada: User) -> None:
        tokens = verify(api, mailed_code(api)).data
        assert api.as_bearer(tokens["access"]).get("me").status == 200
        assert api.post("refresh", {"refresh": tokens["refresh"]}).status == 200

    def test_takes_the_address_however_written(self, api: Api, ada: User) -> None:
        code = mailed_code(api)
        assert verify(api, code, " ADA@Example.com").status == 200

    def test_proves_the_address(self, api: Api, ada: User) -> None:
        verify(api, mailed_code(api))
        ada.refresh_from_db()
        assert ada.email_verified_at is not None
        assert Event.objects.filter(type="user.logged_in", subject_id=ada.pk).count() == 1

    def test_works_once(self, api: Api, ada: User) -> None:
        code = mailed_code(api)
        assert verify(api, code).status == 200
        assert_problem(verify(api, code), 401, "invalid_credentials")
        assert LoginSession.objects.count() == 1

    def test_lasts_ten_minutes(self, ada: User) -> None:
        code = mailed_code(Api("flat"))
        row = LogInCode.objects.get()
        assert row.expires_at - row.created_at == timedelta(minutes=10)
        with pytest.raises(CodeInvalid):
            log_in_by_code(email=EMAIL, code=code, ip="127.0.0.1", user_agent="", now=row.expires_at)
        just_before = row.expires_at - timedelta(milliseconds=1)
        assert log_in_by_code(email=EMAIL, code=code, ip="127.0.0.1", user_agent="", now=just_before).user == ada

    @pytest.mark.parametrize(("wrong_tries", "status"), [(4, 200), (5, 401)])
    def test_takes_five_tries(self, api: Api, ada: User, wrong_tries: int, status: int) -> None:
        code = mailed_code(api)
        for _ in range(wrong_tries):
            assert_problem(verify(api, wrong(code)), 401, "invalid_credentials")
        assert verify(api, code).status == status

    def test_is_good_for_its_own_address_alone(self, api: Api, ada: User) -> None:
        make_user("eve@example.com")
        code = mailed_code(api)
        ask(api, "eve@example.com")
        if code_in(deliver_one()) != code:
            assert_problem(verify(api, code, "eve@example.com"), 401, "invalid_credentials")
        assert verify(api, code).status == 200

    def test_refuses_a_deactivated_user(self, api: Api, ada: User) -> None:
        code = mailed_code(api)
        User.objects.update(is_active=False)
        assert_problem(verify(api, code), 401, "invalid_credentials")

    @pytest.mark.parametrize("code", ["", None, 123456, [], "1" * 17])
    def test_refuses_what_cannot_be_a_code(self, api: Api, code: object) -> None:
        answer = api.post("verify-code", {"email": EMAIL, "code": code})
        assert answer.status in {400, 422}
        assert list(answer.errors) == ["code"]

    def test_stores_the_code_by_a_keyed_hash_alone(self, ada: User, settings: Any) -> None:
        code = mailed_code(Api("flat"))
        row = LogInCode.objects.get()
        rows = str([*LogInCode.objects.values(), *Mail.objects.values(), *Event.objects.values()])
        assert code not in re.findall(r"\d+", rows)
        assert row.code_hash == one_time_codes.hash_code(EMAIL, code)
        settings.SECRET_KEY = "another"
        assert row.code_hash != one_time_codes.hash_code(EMAIL, code)


class TestAddressWithoutAccount:
    """It must not be told apart from one with an account, by work either."""

    def test_answers_a_code_in_the_same_words(self, api: Api, ada: User) -> None:
        answers = []
        for email in (EMAIL, "nobody@example.com"):
            answers.append(comparable(verify(api, "000000", email)))
            ask(api, email)
            deliver()
            answers += [comparable(verify(api, "no-code", email)) for _ in range(7)]
        assert answers == [answers[0]] * 16

    def test_costs_the_same_queries(self, ada: User) -> None:
        api = Api("flat")
        statements = []
        for email in (EMAIL, "nobody@example.com"):
            ask(api, email)
            send_due_mails(clock=timezone.now)
            with CaptureQueriesContext(connection) as queries:
                verify(api, "no-code", email)
            statements.append([re.sub(r"'[^']*'|_x\d+", "?", query["sql"]) for query in queries])
        assert statements[0] == statements[1]
        assert any("UPDATE" in statement for statement in statements[0])


@pytest.mark.django_db(transaction=True)
class TestManyAtOnce:
    @pytest.fixture
    def code(self) -> str:
        """A code that was mailed."""
        make_user(EMAIL)
        request_code(email=EMAIL, now=timezone.now())
        return code_in(deliver_one())

    @staticmethod
    def try_it(code: str) -> object:
        return log_in_by_code(email=EMAIL, code=code, ip="127.0.0.1", user_agent="", now=timezone.now())

    def test_get_five_wrong_tries_together(self, code: str) -> None:
        outcomes = at_once(lambda _: self.try_it(wrong(code)), threads=20)
        assert outcomes == [CodeInvalid] * 20
        assert LogInCode.objects.get().tries == 5
        with pytest.raises(CodeInvalid):
            self.try_it(code)

    def test_find_the_right_one_within_five_tries_or_never(self, code: str) -> None:
        """Nineteen wrong and one right: it logs in only if it was among the first five."""
        outcomes = at_once(lambda number: self.try_it(code if number == 7 else wrong(code)), threads=20)
        row = LogInCode.objects.get()
        is_in = any(outcome is not CodeInvalid for outcome in outcomes)
        assert row.tries <= 5
        assert is_in == (row.used_at is not None) == (LoginSession.objects.count() == 1)

    def test_let_in_one_with_the_right_one(self, code: str) -> None:
        outcomes = at_once(lambda _: self.try_it(code), threads=5)
        assert len([outcome for outcome in outcomes if outcome is not CodeInvalid]) == 1
        assert LoginSession.objects.count() == 1


class TestSecondFactor:
    @pytest.fixture
    def secret(self, ada: User) -> str:
        """What the user's authenticator app knows."""
        now = timezone.now()
        secret = begin_totp(user=ada, now=now).secret
        confirm_totp(user=ada, code=pyotp.TOTP(secret).at(now - timedelta(seconds=30)), now=now)
        return secret

    def test_is_asked_for(self, api: Api, ada: User, secret: str) -> None:
        assert_problem(verify(api, mailed_code(api)), 401, "totp_required")
        assert not LoginSession.objects.exists()

    def test_lets_in_with_the_same_code(self, api: Api, ada: User, secret: str) -> None:
        code = mailed_code(api)
        assert_problem(verify(api, code), 401, "totp_required")
        body = {"email": EMAIL, "code": code, "totp": pyotp.TOTP(secret).now()}
        assert api.post("verify-code", body).status == 200

    def test_lets_nobody_in_without_the_mailed_code(self, api: Api, ada: User, secret: str) -> None:
        code = mailed_code(api)
        body = {"email": EMAIL, "code": wrong(code), "totp": pyotp.TOTP(secret).now()}
        assert_problem(api.post("verify-code", body), 401, "invalid_credentials")

    def test_is_guessed_at_within_the_codes_five_tries(self, api: Api, ada: User, secret: str) -> None:
        code = mailed_code(api)
        for _ in range(5):
            assert verify(api, code).status == 401
        body = {"email": EMAIL, "code": code, "totp": pyotp.TOTP(secret).now()}
        assert_problem(api.post("verify-code", body), 401, "invalid_credentials")
