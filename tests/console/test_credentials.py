"""An administrator ends log-ins, API tokens and second factors, and shuts users out."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import ApiToken, LoginSession, TotpDevice, User
from accounts.services.totp import begin_totp
from coditect.journal.models import Event
from licenses.models import License
from tests.api.shapes import assert_problem
from tests.console.conftest import signed_in
from tests.dialects import Api
from tests.factories import Person, make_api_token, make_user
from tests.licenses.seats import acquire, beat


def run(client: Client, model: str, action: str, ids: list[Any]) -> str:
    """Run an action on rows, and read the page that follows."""
    url = reverse(f"admin:accounts_{model}_changelist")
    page = client.post(url, {"action": action, "_selected_action": [str(each) for each in ids]}, follow=True)
    return str(page.content.decode())


def save_user(client: Client, user: User, *, is_active: bool) -> int:
    """Save the form of a user."""
    form = {
        "email": user.email,
        "full_name": user.full_name,
        **({"is_active": "on"} if is_active else {}),
        "memberships-TOTAL_FORMS": "0",
        "memberships-INITIAL_FORMS": "0",
    }
    return client.post(reverse("admin:accounts_user_change", args=[user.pk]), form).status_code


class TestEndLogIn:
    def test_kills_its_tokens_at_once(self, administrator: Client, api: Api, owner: Person, outsider: Person) -> None:
        session = LoginSession.objects.get(user=owner.user_id)
        assert "1 log-ins ended" in run(administrator, "loginsession", "end", [session.pk])
        assert_problem(api.as_bearer(owner.token).get("me"), 401, "token_revoked")
        assert api.as_bearer(outsider.token).get("me").status == 200
        assert "0 log-ins ended" in run(administrator, "loginsession", "end", [session.pk])


class TestRevokeToken:
    def test_kills_it_at_once(self, administrator: Client, api: Api, owner: Person) -> None:
        text = make_api_token(owner)
        token = ApiToken.objects.get()
        assert "1 tokens revoked" in run(administrator, "apitoken", "revoke", [token.pk])
        assert_problem(api.as_bearer(text).get("me"), 401, "token_revoked")
        root = User.objects.get(email="root@example.com")
        assert Event.objects.get(type="api_token.revoked").actor_id == root.pk

    def test_needs_the_right_to(self, clerk: Client, api: Api, owner: Person) -> None:
        text = make_api_token(owner)
        looker = make_user(is_staff=True)
        looker.user_permissions.add(Permission.objects.get(codename="view_apitoken"))
        for client in (clerk, signed_in(looker)):
            run(client, "apitoken", "revoke", [ApiToken.objects.get().pk])
        assert api.as_bearer(text).get("me").status == 200

    def test_shows_no_secret(self, administrator: Client, owner: Person) -> None:
        text = make_api_token(owner)
        token = ApiToken.objects.get()
        for url in (
            reverse("admin:accounts_apitoken_changelist"),
            reverse("admin:accounts_apitoken_change", args=[token.pk]),
        ):
            page = administrator.get(url).content.decode()
            assert token.prefix in page
            assert text not in page
            assert token.token_hash not in page


class TestRemoveSecondFactor:
    def test_leaves_the_password_alone(self, administrator: Client, owner: Person) -> None:
        secret = begin_totp(user=owner.membership.user, now=timezone.now()).secret
        device = TotpDevice.objects.get()
        page = administrator.get(reverse("admin:accounts_totpdevice_change", args=[device.pk])).content.decode()
        assert secret not in page
        assert device.secret not in page
        assert "1 second factors removed" in run(administrator, "totpdevice", "remove", [device.pk])
        assert not TotpDevice.objects.exists()


class TestDeactivateUser:
    def test_ends_log_ins_tokens_and_seats(
        self, administrator: Client, api: Api, owner: Person, license: License
    ) -> None:
        text = make_api_token(owner)
        session_id = acquire(api, owner, license).data["session_id"]
        assert save_user(administrator, owner.membership.user, is_active=False) == 302
        for token in (owner.token, text):
            assert_problem(api.as_bearer(token).get("me"), 401, "token_revoked")
        assert_problem(beat(api, owner, session_id), 404, "seat_revoked")
        assert not User.objects.get(pk=owner.user_id).is_active

    def test_can_be_taken_back_without_reviving_anything(self, administrator: Client, api: Api, owner: Person) -> None:
        for is_active in (False, True):
            assert save_user(administrator, owner.membership.user, is_active=is_active) == 302
        assert User.objects.get(pk=owner.user_id).is_active
        assert_problem(api.as_bearer(owner.token).get("me"), 401, "token_revoked")
        assert Event.objects.filter(type="user.reactivated").count() == 1

    @pytest.mark.parametrize("times", [1, 2])
    def test_is_not_what_saving_means(self, administrator: Client, api: Api, owner: Person, times: int) -> None:
        for _ in range(times):
            assert save_user(administrator, owner.membership.user, is_active=True) == 302
        assert api.as_bearer(owner.token).get("me").status == 200
