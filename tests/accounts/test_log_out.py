"""POST auth/logout, and the list of log-ins at auth/sessions."""

from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import LoginSession, User
from accounts.services.logins import end_login_sessions
from coditect.journal.models import Event
from licenses.models import License
from tests.accounts.forgery import claims_in
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import PASSWORD, Person, make_membership, make_user
from tests.licenses.seats import acquire, beat

FIELDS = {"id", "created_at", "last_used_at", "ip", "user_agent", "is_current"}


@pytest.fixture
def ada(db: None) -> User:
    """A user with an organization."""
    return make_membership(user=make_user("ada@example.com")).user


def log_in(api: Api, user: User) -> dict[str, Any]:
    """Log in on one more device."""
    tokens: dict[str, Any] = api.post("log-in", {"email": user.email, "password": PASSWORD}).data
    return tokens


def use(api: Api, tokens: dict[str, Any]) -> tuple[Answer, Answer]:
    """Try both tokens of a log-in."""
    return api.as_bearer(tokens["access"]).get("me"), api.post("refresh", {"refresh": tokens["refresh"]})


def assert_dead(api: Api, tokens: dict[str, Any]) -> None:
    """Neither token of a log-in counts any more."""
    for answer in use(api, tokens):
        assert_problem(answer, 401, "token_revoked")


def assert_alive(api: Api, tokens: dict[str, Any]) -> None:
    """Both tokens of a log-in count."""
    assert [answer.status for answer in use(api, tokens)] == [200, 200]


def session_id(tokens: dict[str, Any]) -> str:
    """The login session of a log-in."""
    return str(claims_in(tokens["access"])["sid"])


class TestLogout:
    def test_ends_both_tokens_at_once(self, api: Api, ada: User) -> None:
        tokens = log_in(api, ada)
        answer = api.as_bearer(tokens["access"]).post("log-out")
        assert answer.status == (200 if api.dialect == "flat" else 204)
        assert answer.content == b"" or answer.json == {"message": "Logged out."}
        assert_dead(api, tokens)

    def test_leaves_other_devices_and_other_users_alone(self, api: Api, ada: User, outsider: Person) -> None:
        laptop, phone = log_in(api, ada), log_in(api, ada)
        api.as_bearer(laptop["access"]).post("log-out")
        assert_alive(api, phone)
        assert api.as_bearer(outsider.token).get("me").status == 200

    def test_happens_once(self, api: Api, ada: User) -> None:
        tokens = log_in(api, ada)
        caller = api.as_bearer(tokens["access"])
        caller.post("log-out")
        assert_problem(caller.post("log-out"), 401, "token_revoked")

    def test_needs_a_log_in(self, api: Api) -> None:
        assert_problem(api.post("log-out"), 401, "authentication_required")

    def test_keeps_seats(self, api: Api, owner: Person, license: License) -> None:
        seat = acquire(api, owner, license).data
        api.as_bearer(owner.token).post("log-out")
        assert beat(api, owner, seat["session_id"]).status == 200

    def test_is_in_the_journal(self, api: Api, ada: User) -> None:
        api.as_bearer(log_in(api, ada)["access"]).post("log-out")
        event = Event.objects.get(type="user.logged_out")
        assert (event.subject_id, event.actor_id, event.data) == (ada.pk, ada.pk, {"login_sessions": 1})


class TestLoginSessions:
    def test_show_each_device(self, api: Api, ada: User) -> None:
        phone = log_in(api.with_headers(user_agent="Phone/1.0"), ada)
        laptop = log_in(api.with_headers(user_agent="Laptop/2.0"), ada)
        answer = api.as_bearer(laptop["access"]).get("login-sessions")
        rows = answer.rows("sessions")
        assert [set(row) for row in rows] == [FIELDS, FIELDS]
        assert [(row["id"], row["user_agent"], row["is_current"]) for row in rows] == [
            (session_id(laptop), "Laptop/2.0", True),
            (session_id(phone), "Phone/1.0", False),
        ]
        assert {row["ip"] for row in rows} == {"127.0.0.1"}

    def test_leave_out_what_has_ended_and_what_is_not_ones_own(self, api: Api, ada: User, outsider: Person) -> None:
        ended, overdue, alive = log_in(api, ada), log_in(api, ada), log_in(api, ada)
        api.as_bearer(ended["access"]).post("log-out")
        LoginSession.objects.filter(pk=session_id(overdue)).update(expires_at=timezone.now())
        rows = api.as_bearer(alive["access"]).get("login-sessions").rows("sessions")
        assert [row["id"] for row in rows] == [session_id(alive)]

    def test_are_sorted_and_refuse_other_parameters(self, api: Api, ada: User) -> None:
        tokens = [log_in(api, ada) for _ in range(3)]
        caller = api.as_bearer(tokens[0]["access"])
        rows = caller.get("login-sessions", {"sort": "created_at"}).rows("sessions")
        assert [row["id"] for row in rows] == [session_id(each) for each in tokens]
        for query in ({"sort": "refresh_jti_hash"}, {"user": str(ada.pk)}):
            assert caller.get("login-sessions", query).status == 400

    def test_can_be_ended_from_another_device(self, api: Api, ada: User) -> None:
        lost, here = log_in(api, ada), log_in(api, ada)
        answer = api.as_bearer(here["access"]).delete("login-session", login_session_id=session_id(lost))
        assert answer.status == (200 if api.dialect == "flat" else 204)
        assert_dead(api, lost)
        assert_alive(api, here)

    def test_of_others_are_as_unknown_as_those_that_never_were(self, api: Api, ada: User, outsider: Person) -> None:
        foreign = claims_in(outsider.token)["sid"]
        caller = api.as_bearer(log_in(api, ada)["access"])
        answers = [caller.delete("login-session", login_session_id=each) for each in (foreign, uuid4())]
        for answer in answers:
            assert_problem(answer, 404, "session_not_found")
        assert answers[0].message == answers[1].message
        assert api.as_bearer(outsider.token).get("me").status == 200

    def test_that_have_ended_are_not_found(self, api: Api, ada: User) -> None:
        gone, here = log_in(api, ada), log_in(api, ada)
        caller = api.as_bearer(here["access"])
        caller.delete("login-session", login_session_id=session_id(gone))
        assert_problem(caller.delete("login-session", login_session_id=session_id(gone)), 404, "session_not_found")

    def test_end_all_but_the_one_that_asks(self, api: Api, ada: User, outsider: Person) -> None:
        others, here = [log_in(api, ada), log_in(api, ada)], log_in(api, ada)
        answer = api.as_bearer(here["access"]).delete("login-sessions")
        assert answer.status == (200 if api.dialect == "flat" else 204)
        assert api.dialect == "enveloped" or answer.json["ended"] == 2
        for tokens in others:
            assert_dead(api, tokens)
        assert_alive(api, here)
        assert api.as_bearer(outsider.token).get("me").status == 200

    def test_need_a_log_in(self, api: Api) -> None:
        answers = [api.get("login-sessions"), api.delete("login-sessions")]
        answers.append(api.delete("login-session", login_session_id=uuid4()))
        for answer in answers:
            assert_problem(answer, 401, "authentication_required")


class TestEndLoginSessions:
    def test_keeps_none_unless_told(self, api: Api, ada: User) -> None:
        tokens = [log_in(api, ada) for _ in range(3)]
        assert end_login_sessions(user=ada, now=timezone.now()) == 3
        for each in tokens:
            assert_dead(api, each)
        assert end_login_sessions(user=ada, now=timezone.now()) == 0
        assert Event.objects.filter(type="user.logged_out").count() == 1
