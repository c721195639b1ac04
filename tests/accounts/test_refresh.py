"""POST auth/token/refresh (flat) and auth/refresh (enveloped)."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import LoginSession, User
from tests.accounts.forgery import change_claims
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import PASSWORD, make_membership, make_user


@pytest.fixture
def ada(db: None) -> User:
    """A user with an organization."""
    return make_membership(user=make_user("ada@example.com")).user


def tokens_of(api: Api, user: User) -> dict[str, Any]:
    """Log in."""
    tokens: dict[str, Any] = api.post("log-in", {"email": user.email, "password": PASSWORD}).data
    return tokens


def refresh(api: Api, token: object) -> Answer:
    """Ask for a new access token."""
    return api.post("refresh", {"refresh": token})


class TestRefresh:
    def test_answers_a_new_access_token_only(self, api: Api, ada: User) -> None:
        answer = refresh(api, tokens_of(api, ada)["refresh"])
        assert (answer.status, set(answer.data)) == (200, {"access", "token_type", "expires_in"})
        assert (answer.data["token_type"], answer.data["expires_in"]) == ("Bearer", 900)
        assert api.as_bearer(answer.data["access"]).get("sessions").status == 200

    def test_works_with_the_first_token_again_and_again(self, api: Api, ada: User, settings: Settings) -> None:
        settings.RATE_LIMIT_FACTOR = 0
        tokens = tokens_of(api, ada)
        answers = [refresh(api, tokens["refresh"]) for _ in range(20)]
        assert {answer.status for answer in answers} == {200}
        assert len({answer.data["access"] for answer in answers} | {tokens["access"]}) == 21
        assert LoginSession.objects.count() == 1

    def test_leaves_earlier_access_tokens_good(self, api: Api, ada: User) -> None:
        tokens = tokens_of(api, ada)
        refresh(api, tokens["refresh"])
        assert api.as_bearer(tokens["access"]).get("sessions").status == 200

    def test_notes_its_use(self, api: Api, ada: User) -> None:
        tokens = tokens_of(api, ada)
        LoginSession.objects.update(last_used_at=timezone.now() - timedelta(days=1))
        refresh(api, tokens["refresh"])
        assert timezone.now() - LoginSession.objects.get().last_used_at < timedelta(seconds=10)


class TestRefusedRefresh:
    def test_meets_an_ended_session(self, api: Api, ada: User) -> None:
        tokens = tokens_of(api, ada)
        LoginSession.objects.update(revoked_at=timezone.now())
        self.assert_refused(refresh(api, tokens["refresh"]), "token_revoked")

    def test_meets_a_session_past_its_days(self, api: Api, ada: User) -> None:
        tokens = tokens_of(api, ada)
        LoginSession.objects.update(expires_at=timezone.now())
        self.assert_refused(refresh(api, tokens["refresh"]), "token_revoked")

    def test_meets_a_deactivated_user(self, api: Api, ada: User) -> None:
        tokens = tokens_of(api, ada)
        User.objects.update(is_active=False)
        self.assert_refused(refresh(api, tokens["refresh"]), "token_revoked")

    def test_meets_a_deleted_user(self, api: Api, ada: User) -> None:
        tokens = tokens_of(api, ada)
        ada.delete()
        self.assert_refused(refresh(api, tokens["refresh"]), "token_revoked")

    def test_meets_an_access_token(self, api: Api, ada: User) -> None:
        self.assert_refused(refresh(api, tokens_of(api, ada)["access"]), "token_invalid")

    def test_meets_an_expired_token(self, api: Api, ada: User) -> None:
        tokens = tokens_of(api, ada)
        self.assert_refused(refresh(api, change_claims(tokens["refresh"], exp=1_000_000_000)), "token_expired")

    def test_meets_the_token_of_another_session(self, api: Api, ada: User) -> None:
        first, second = tokens_of(api, ada), tokens_of(api, ada)
        sessions = {str(pk) for pk in LoginSession.objects.values_list("pk", flat=True)}
        for tokens in (first, second):
            for session in sessions:
                forged = change_claims(tokens["refresh"], sid=session, jti="another")
                self.assert_refused(refresh(api, forged), "token_revoked")

    @pytest.mark.parametrize("token", ["x", "a.b.c", "....", "é", "😀", "x" * 4000, "Bearer x"])
    def test_meets_rubbish(self, api: Api, token: str) -> None:
        self.assert_refused(refresh(api, token), "token_invalid")

    @pytest.mark.parametrize("token", [None, "", [], {}, 5, True])
    def test_meets_no_token(self, api: Api, token: object) -> None:
        answer = refresh(api, token)
        assert_problem(answer, 400, "validation_failed" if api.dialect == "flat" else "invalid_request")
        assert set(answer.errors) == {"refresh"}

    def assert_refused(self, answer: Answer, code: str) -> None:
        """The published clients log in again on a 401 only."""
        assert_problem(answer, 401, code)
        assert answer.headers["WWW-Authenticate"] == "Bearer"


class TestRefreshLimit:
    def test_is_each_login_sessions_own(self, api: Api, ada: User) -> None:
        first, second = tokens_of(api, ada), tokens_of(api, ada)
        statuses = [refresh(api, first["refresh"]).status for _ in range(6)]
        assert statuses == [200] * 5 + [429]
        assert refresh(api, second["refresh"]).status == 200

    def test_lets_many_desktops_share_an_address(self, api: Api, ada: User) -> None:
        bodies = [change_claims(tokens_of(api, ada)["refresh"])]
        desktops = [change_claims(bodies[0], sid=f"6f9619ff-8b86-4011-b42d-{number:012d}") for number in range(40)]
        assert {refresh(api, token).status for token in desktops} == {401}

    def test_is_that_of_guessing_for_a_forged_token(self, api: Api) -> None:
        statuses = [refresh(api, f"forged-{number}").status for number in range(31)]
        assert statuses == [401] * 30 + [429]
