"""auth/totp, and logging in with a second factor."""

from datetime import datetime, timedelta
from typing import Any

import pyotp
import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import LoginSession, RecoveryCode, TotpDevice, User
from accounts.services.log_in import InvalidCredentials, TokenPair, begin_login_session, log_in
from accounts.services.totp import (
    SecondFactorInvalid,
    TotpRequired,
    begin_totp,
    confirm_totp,
    remove_second_factor,
    require_second_factor,
)
from coditect.errors import LimitExceeded
from coditect.journal.models import Event
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import PASSWORD, Person, make_membership, make_user

SOME_CODE = "000000"


@pytest.fixture
def ada(db: None) -> User:
    """A user with an organization."""
    return make_membership(user=make_user("ada@example.com")).user


def turn_on(user: User, *, now: datetime) -> tuple[pyotp.TOTP, list[str]]:
    """The authenticator app and the recovery codes of a user who has just turned the second factor on."""
    app = pyotp.TOTP(begin_totp(user=user, now=now).secret)
    return app, confirm_totp(user=user, code=app.at(now), now=now)


def come_in(user: User, *, now: datetime, **more: Any) -> TokenPair:
    """Log in at a moment."""
    return log_in(email=user.email, password=PASSWORD, ip="127.0.0.1", user_agent="", now=now, **more)


def wrong(app: pyotp.TOTP, now: datetime) -> str:
    """A code that is none of those around a moment."""
    near = {app.at(now, counter_offset=offset) for offset in range(-3, 4)}
    return next(code for code in (f"{number:06}" for number in range(10)) if code not in near)


def send(api: Api, user: User, **more: Any) -> Answer:
    """Log in by the API."""
    return api.post("log-in", {"email": user.email, "password": PASSWORD} | more)


class TestBeginTotp:
    def test_shows_a_secret_once(self, api: Api, owner: Person) -> None:
        answer = api.as_bearer(owner.token).post("totp")
        assert (answer.status, set(answer.data)) == (201, {"secret", "otpauth_uri"})
        assert answer.headers["Cache-Control"] == "no-store"
        parsed = pyotp.parse_uri(answer.data["otpauth_uri"])
        assert (parsed.secret, parsed.name, parsed.issuer) == (
            answer.data["secret"],
            owner.membership.user.email,
            "CODITECT",
        )

    def test_stores_it_encrypted(self, api: Api, owner: Person) -> None:
        secret = api.as_bearer(owner.token).post("totp").data["secret"]
        stored = TotpDevice.objects.get().secret
        assert secret not in stored
        assert stored.startswith("development:")
        assert secret not in str(list(Event.objects.values()))

    def test_asks_nobody_for_a_code_yet(self, api: Api, ada: User) -> None:
        api.as_bearer(send(api, ada).data["access"]).post("totp")
        assert send(api, ada).status == 200

    def test_starts_anew_until_confirmed(self, api: Api, owner: Person) -> None:
        caller = api.as_bearer(owner.token)
        first, second = (caller.post("totp").data["secret"] for _ in range(2))
        assert first != second
        assert caller.post("confirm-totp", {"code": pyotp.TOTP(first).now()}).status in {400, 422}
        assert caller.post("confirm-totp", {"code": pyotp.TOTP(second).now()}).status == 200
        assert_problem(caller.post("totp"), 409, "totp_on")

    def test_needs_a_log_in(self, api: Api) -> None:
        assert_problem(api.post("totp"), 401, "authentication_required")


class TestConfirmTotp:
    def test_turns_it_on_and_shows_recovery_codes(self, api: Api, owner: Person) -> None:
        caller = api.as_bearer(owner.token)
        secret = caller.post("totp").data["secret"]
        answer = caller.post("confirm-totp", {"code": pyotp.TOTP(secret).now()})
        assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
        codes = answer.data["recovery_codes"]
        assert len(set(codes)) == 10
        assert {len(code) for code in codes} == {19}
        stored = str(list(RecoveryCode.objects.values()))
        assert not [code for code in codes if code in stored or code.replace("-", "") in stored]
        assert Event.objects.filter(type="user.totp_enabled", subject_id=owner.user_id).count() == 1

    @pytest.mark.parametrize("code", ["", "x", "12345", "1234567", None, 123456])
    def test_refuses_another_code(self, api: Api, owner: Person, code: object) -> None:
        caller = api.as_bearer(owner.token)
        caller.post("totp")
        answer = caller.post("confirm-totp", {"code": code})
        assert answer.status in {400, 422}
        assert "code" in answer.errors
        assert TotpDevice.objects.get().confirmed_at is None

    def test_needs_a_beginning(self, api: Api, owner: Person) -> None:
        assert_problem(api.as_bearer(owner.token).post("confirm-totp", {"code": SOME_CODE}), 409, "totp_off")

    def test_is_for_ones_own(self, api: Api, owner: Person, outsider: Person) -> None:
        secret = api.as_bearer(owner.token).post("totp").data["secret"]
        answer = api.as_bearer(outsider.token).post("confirm-totp", {"code": pyotp.TOTP(secret).now()})
        assert_problem(answer, 409, "totp_off")

    def test_needs_a_log_in(self, api: Api) -> None:
        assert_problem(api.post("confirm-totp", {"code": SOME_CODE}), 401, "authentication_required")


class TestLogInWithTotp:
    def test_asks_for_the_code(self, api: Api, ada: User) -> None:
        turn_on(ada, now=timezone.now())
        for missing in ({}, {"totp": ""}, {"totp": None}):
            assert_problem(send(api, ada, **missing), 401, "totp_required")
        assert not LoginSession.objects.exists()

    def test_takes_the_code(self, api: Api, ada: User) -> None:
        app, _ = turn_on(ada, now=timezone.now() - timedelta(minutes=5))
        assert send(api, ada, totp=app.now()).status == 200

    def test_says_nothing_to_who_lacks_the_password(self, api: Api, ada: User) -> None:
        app, _ = turn_on(ada, now=timezone.now() - timedelta(minutes=5))
        for body in ({"password": "wrong"}, {"password": "wrong", "totp": app.now()}):
            assert_problem(send(api, ada, **body), 401, "invalid_credentials")
        assert TotpDevice.objects.get().failures == 0

    def test_refuses_a_wrong_code(self, api: Api, ada: User) -> None:
        app, _ = turn_on(ada, now=timezone.now() - timedelta(minutes=5))
        assert_problem(send(api, ada, totp=wrong(app, timezone.now())), 401, "invalid_credentials")
        assert TotpDevice.objects.get().failures == 1

    def test_refuses_a_code_that_was_used(self, api: Api, ada: User, settings: Settings) -> None:
        settings.RATE_LIMIT_FACTOR = 0
        app, _ = turn_on(ada, now=timezone.now() - timedelta(minutes=5))
        code = app.now()
        assert send(api, ada, totp=code).status == 200
        assert_problem(send(api, ada, totp=code), 401, "invalid_credentials")

    def test_refuses_the_code_that_confirmed(self, ada: User) -> None:
        now = timezone.now()
        app, _ = turn_on(ada, now=now)
        with pytest.raises(SecondFactorInvalid):
            come_in(ada, now=now, totp=app.at(now))

    @pytest.mark.parametrize(("steps", "passes"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
    def test_takes_a_clock_that_is_a_step_off(self, ada: User, steps: int, passes: bool) -> None:
        now = timezone.now()
        app, _ = turn_on(ada, now=now - timedelta(minutes=5))
        if passes:
            assert come_in(ada, now=now, totp=app.at(now, counter_offset=steps))
        else:
            with pytest.raises(SecondFactorInvalid):
                come_in(ada, now=now, totp=app.at(now, counter_offset=steps))

    def test_takes_no_earlier_code_after_a_later_one(self, ada: User) -> None:
        now = timezone.now()
        app, _ = turn_on(ada, now=now - timedelta(minutes=5))
        come_in(ada, now=now, totp=app.at(now, counter_offset=1))
        with pytest.raises(SecondFactorInvalid):
            come_in(ada, now=now, totp=app.at(now))

    def test_takes_each_recovery_code_once(self, ada: User) -> None:
        now = timezone.now()
        _, codes = turn_on(ada, now=now)
        for code in (codes[0], codes[1].upper().replace("-", " ")):
            assert come_in(ada, now=now, totp=code)
        for code in codes[:2]:
            with pytest.raises(SecondFactorInvalid):
                come_in(ada, now=now, totp=code)

    def test_takes_no_recovery_code_of_another(self, ada: User, outsider: Person) -> None:
        now = timezone.now()
        turn_on(ada, now=now)
        _, codes = turn_on(outsider.membership.user, now=now)
        with pytest.raises(SecondFactorInvalid):
            come_in(ada, now=now, totp=codes[0])

    def test_takes_five_tries_in_a_quarter_of_an_hour(self, ada: User) -> None:
        now = timezone.now()
        app, codes = turn_on(ada, now=now - timedelta(hours=1))
        for _ in range(5):
            with pytest.raises(SecondFactorInvalid):
                come_in(ada, now=now, totp=wrong(app, now))
        for code in (app.at(now), codes[0]):
            with pytest.raises(LimitExceeded) as caught:
                come_in(ada, now=now + timedelta(minutes=1), totp=code)
            assert (caught.value.limit, caught.value.retry_after) == (5, 14 * 60)
        later = now + timedelta(minutes=15)
        assert come_in(ada, now=later, totp=app.at(later))
        assert TotpDevice.objects.get().failures == 0

    def test_answers_too_many_tries_with_the_time_to_wait(self, api: Api, ada: User, settings: Settings) -> None:
        settings.RATE_LIMIT_FACTOR = 0
        app, _ = turn_on(ada, now=timezone.now() - timedelta(hours=1))
        for _ in range(5):
            send(api, ada, totp=wrong(app, timezone.now()))
        answer = send(api, ada, totp=app.now())
        assert_problem(answer, 429, "rate_limit_exceeded")
        assert 800 < int(answer.headers["Retry-After"]) <= 900

    def test_is_checked_after_other_proofs_too(self, ada: User) -> None:
        now = timezone.now()
        require_second_factor(user=ada, code=None, now=now)
        app, _ = turn_on(ada, now=now - timedelta(minutes=5))
        with pytest.raises(TotpRequired):
            require_second_factor(user=ada, code=None, now=now)
        require_second_factor(user=ada, code=app.at(now), now=now)

    def test_is_no_matter_for_whoever_has_none(self, api: Api, ada: User) -> None:
        assert send(api, ada, totp=SOME_CODE).status == 200

    def test_refuses_a_totp_that_is_no_text(self, api: Api, ada: User) -> None:
        assert send(api, ada, totp=123456).status == 400


class TestTurnOffTotp:
    def test_takes_the_password_and_a_code(self, api: Api, ada: User) -> None:
        access = send(api, ada).data["access"]
        app, _ = turn_on(ada, now=timezone.now() - timedelta(minutes=5))
        url = api.url("totp")
        answer = api.as_bearer(access).send("DELETE", url, body={"password": PASSWORD, "code": app.now()})
        assert answer.status == (200 if api.dialect == "flat" else 204)
        assert not TotpDevice.objects.exists()
        assert not RecoveryCode.objects.exists()
        assert Event.objects.filter(type="user.totp_disabled").count() == 1
        assert send(api, ada).status == 200

    def test_takes_a_recovery_code(self, api: Api, owner: Person) -> None:
        _, codes = turn_on(owner.membership.user, now=timezone.now())
        body = {"password": PASSWORD, "code": codes[0]}
        assert api.as_bearer(owner.token).send("DELETE", api.url("totp"), body=body).status in {200, 204}

    def test_refuses_a_wrong_password_or_code(self, api: Api, owner: Person) -> None:
        app, _ = turn_on(owner.membership.user, now=timezone.now() - timedelta(minutes=5))
        bodies: list[tuple[str, dict[str, str]]] = [
            ("password", {"password": "wrong", "code": app.now()}),
            ("code", {"password": PASSWORD, "code": wrong(app, timezone.now())}),
            ("code", {"password": PASSWORD}),
            ("password", {"code": app.now()}),
        ]
        for field, body in bodies:
            answer = api.as_bearer(owner.token).send("DELETE", api.url("totp"), body=body)
            assert answer.status in {400, 422}
            assert list(answer.errors) == [field]
        assert TotpDevice.objects.exists()

    def test_needs_one_that_is_on(self, api: Api, owner: Person) -> None:
        caller = api.as_bearer(owner.token)
        caller.post("totp")
        body = {"password": PASSWORD, "code": SOME_CODE}
        assert_problem(caller.send("DELETE", api.url("totp"), body=body), 409, "totp_off")

    def test_needs_a_log_in(self, api: Api) -> None:
        assert_problem(api.delete("totp"), 401, "authentication_required")

    def test_is_done_by_staff_without_a_code(self, ada: User) -> None:
        now = timezone.now()
        turn_on(ada, now=now)
        for _ in range(2):
            remove_second_factor(user=ada, now=now)
        assert come_in(ada, now=now)
        assert Event.objects.filter(type="user.totp_disabled").count() == 1


class TestLogInOnItsWay:
    """A log-in whose password was right a moment ago, when the user was changed meanwhile."""

    @pytest.mark.parametrize(
        "change", [{"is_active": False}, {"password": "another"}], ids=["shut out", "new password"]
    )
    def test_does_not_come_through(self, ada: User, change: dict[str, Any]) -> None:
        stale = User.objects.get(pk=ada.pk)
        User.objects.filter(pk=ada.pk).update(**change)
        with pytest.raises(InvalidCredentials):
            begin_login_session(user=stale, ip="127.0.0.1", user_agent="", now=timezone.now())
        assert not LoginSession.objects.exists()
