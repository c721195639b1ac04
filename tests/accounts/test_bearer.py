"""`Authorization: Bearer`: which tokens count."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from accounts import tokens
from accounts.models import LoginSession, User
from tests.accounts.forgery import change_claims, claims_in, sign_with
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import PASSWORD, Person, make_person


def use(api: Api, token: str) -> Answer:
    """Call an endpoint that needs a log-in."""
    return api.as_bearer(token).get("licenses")


def assert_refused(answer: Answer, code: str) -> None:
    """The caller is not known."""
    assert_problem(answer, 401, code)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


class TestAccessToken:
    @pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
    def test_opens_the_door(self, api: Api, owner: Person, scheme: str) -> None:
        assert api.with_headers(authorization=f"{scheme} {owner.token}").get("licenses").status == 200

    def test_lasts_fifteen_minutes(self, owner: Person) -> None:
        claims = claims_in(owner.token)
        assert claims["exp"] - claims["iat"] == 900

    @pytest.mark.parametrize("name", ["licenses", "sessions"])
    def test_is_needed(self, api: Api, name: str) -> None:
        assert_refused(api.get(name), "authentication_required")

    @pytest.mark.parametrize("name", ["acquire", "release", "heartbeat-by-body"])
    def test_is_needed_to_post(self, api: Api, name: str) -> None:
        assert_refused(api.post(name, {}), "authentication_required")

    @pytest.mark.parametrize("header", ["Basic YTpi", "Token abc", "", "BearerX abc"])
    def test_is_needed_beside_other_schemes(self, api: Api, header: str) -> None:
        assert_refused(api.with_headers(authorization=header).get("licenses"), "authentication_required")

    @pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer a b", "Bearer x", "Bearer a.b.c", "Bearer é"])
    def test_is_refused_malformed(self, api: Api, header: str) -> None:
        assert_refused(api.with_headers(authorization=header).get("licenses"), "token_invalid")

    def test_is_refused_expired(self, api: Api, owner: Person) -> None:
        a_second_ago = int(timezone.now().timestamp()) - 1
        assert_refused(use(api, change_claims(owner.token, exp=a_second_ago)), "token_expired")

    def test_is_refused_from_the_second_on_in_which_it_expires(
        self, api: Api, owner: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert use(api, owner.token).status == 200
        expiry = claims_in(owner.token)["exp"]
        monkeypatch.setattr("accounts.tokens.time", SimpleNamespace(time=lambda: expiry - 0.1))
        assert use(api, owner.token).status == 200
        monkeypatch.setattr("accounts.tokens.time", SimpleNamespace(time=lambda: expiry))
        assert_refused(use(api, owner.token), "token_expired")

    def test_is_refused_without_a_signature(self, api: Api, owner: Person) -> None:
        header_and_claims = owner.token.rpartition(".")[0]
        unsigned = sign_with(owner.token, key=None, algorithm="none")
        for token in (unsigned, f"{header_and_claims}.", header_and_claims, f"{header_and_claims}.AAAA"):
            assert_refused(use(api, token), "token_invalid")

    def test_is_refused_signed_by_a_stranger(self, api: Api, owner: Person) -> None:
        token = sign_with(owner.token, key="a-secret-of-somebody-else-that-is-long-enough", algorithm="HS256")
        assert_refused(use(api, token), "token_invalid")

    def test_is_refused_signed_in_another_way(self, api: Api, owner: Person) -> None:
        token = sign_with(owner.token, key=settings.SECRET_KEY, algorithm="HS384")
        assert_refused(use(api, token), "token_invalid")

    def test_is_not_a_refresh_token(self, api: Api, owner: Person) -> None:
        refresh = tokens.new_refresh_token(user_id=owner.user_id)
        assert_refused(use(api, refresh.text), "token_invalid")
        assert_refused(use(api, change_claims(owner.token, token_type="refresh")), "token_invalid")

    @pytest.mark.parametrize("claim", ["sub", "sid", "jti", "exp", "token_type"])
    def test_is_refused_without_a_claim(self, api: Api, owner: Person, claim: str) -> None:
        assert_refused(use(api, change_claims(owner.token, without=claim)), "token_invalid")

    @pytest.mark.parametrize("claim", ["sub", "sid"])
    def test_is_refused_with_a_bad_claim(self, api: Api, owner: Person, claim: str) -> None:
        values: list[Any] = ["", "x", None, 5, [], {}]
        for value in values:
            assert_refused(use(api, change_claims(owner.token, **{claim: value})), "token_invalid")


class TestEndedLogIn:
    def test_ends_the_access_token(self, api: Api, owner: Person) -> None:
        LoginSession.objects.filter(user=owner.user_id).update(revoked_at=timezone.now())
        assert_refused(use(api, owner.token), "token_revoked")

    def test_leaves_other_log_ins_alone(self, api: Api, owner: Person, outsider: Person) -> None:
        LoginSession.objects.filter(user=owner.user_id).update(revoked_at=timezone.now())
        assert use(api, outsider.token).status == 200

    def test_comes_with_its_last_day(self, api: Api, owner: Person) -> None:
        LoginSession.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert_refused(use(api, owner.token), "token_revoked")

    def test_comes_with_deactivation(self, api: Api, owner: Person) -> None:
        User.objects.filter(pk=owner.user_id).update(is_active=False)
        assert_refused(use(api, owner.token), "token_revoked")

    def test_comes_with_deletion(self, api: Api, owner: Person) -> None:
        User.objects.filter(pk=owner.user_id).delete()
        assert_refused(use(api, owner.token), "token_revoked")

    def test_is_not_helped_by_another_users_session(self, api: Api, owner: Person, outsider: Person) -> None:
        sid = claims_in(outsider.token)["sid"]
        assert_refused(use(api, change_claims(owner.token, sid=sid)), "token_revoked")


class TestPublicEndpoint:
    @pytest.fixture(params=["expired", "rubbish", "revoked"])
    def stale(self, api: Api, request: pytest.FixtureRequest) -> Api:
        """A client whose token has run out."""
        person = make_person()
        LoginSession.objects.update(revoked_at=timezone.now())
        stale = {"expired": change_claims(person.token, exp=1_000_000_000), "rubbish": "x", "revoked": person.token}
        return api.as_bearer(stale[request.param])

    def test_ignores_the_token(self, stale: Api) -> None:
        user = User.objects.get()
        assert stale.get("health").status == 200
        assert stale.post("validate", {"key_string": "x"}).status == 200
        tokens = stale.post("log-in", {"email": user.email, "password": PASSWORD})
        assert tokens.status == 200
        assert stale.post("refresh", {"refresh": tokens.data["refresh"]}).status == 200
