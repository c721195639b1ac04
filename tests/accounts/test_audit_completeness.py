"""The journal knows of every log-in, in vain or not, and of every right that somebody got."""

import json

import pyotp
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Membership, Role, User
from accounts.services.one_time_codes import mint_code
from accounts.services.totp import begin_totp, confirm_totp
from coditect.journal.models import Event
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import PASSWORD, Person, make_user

WRONG = "Wr0ngPass-never-written"
STRANGER = "stranger@example.com"


def log_in(api: Api, email: str, password: str = PASSWORD, **more: str) -> Answer:
    """Try to log in."""
    return api.post("log-in", {"email": email, "password": password, **more})


def failure() -> Event:
    """The only failed log-in."""
    return Event.objects.get(type="user.log_in_failed")


def everything() -> str:
    """All that the journal holds."""
    return json.dumps([str(row) for row in Event.objects.values()])


class TestLogIn:
    def test_is_written_down_with_its_session(self, api: Api, owner: Person) -> None:
        answer = log_in(api, owner.membership.user.email)
        event = Event.objects.get(type="user.logged_in")
        session = owner.membership.user.login_sessions.latest("created_at")
        assert (event.subject_id, event.ip) == (owner.user_id, "127.0.0.1")
        assert event.data["login_session_id"] == str(session.pk)
        assert event.request_id == answer.headers["X-Request-ID"]


class TestFailedLogIn:
    def test_names_the_account_by_its_id(self, api: Api, owner: Person) -> None:
        answer = log_in(api, owner.membership.user.email, WRONG)
        assert_problem(answer, 401, "invalid_credentials")
        event = failure()
        assert (event.subject_type, event.subject_id, event.ip) == ("user", owner.user_id, "127.0.0.1")
        assert event.data == {"reason": "password", "is_known": True}
        assert event.request_id == answer.headers["X-Request-ID"]
        assert WRONG not in everything()

    def test_tells_nothing_typed_of_strangers(self, api: Api, db: None) -> None:
        for address in (STRANGER, STRANGER.upper(), "other@example.com"):
            log_in(api, address, WRONG)
        ids = list(Event.objects.order_by("at").values_list("subject_id", flat=True))
        assert ids[0] == ids[1] != ids[2]
        assert not User.objects.filter(pk__in=ids).exists()
        assert Event.objects.filter(data={"reason": "password", "is_known": False}).count() == 3
        found = everything().lower()
        assert WRONG.lower() not in found
        assert "stranger" not in found

    def test_names_a_stranger_by_what_only_our_secret_makes_of_them(
        self, api: Api, db: None, settings: Settings
    ) -> None:
        log_in(api, STRANGER, WRONG)
        settings.SECRET_KEY = "another-secret-" + "x" * 50
        log_in(api, STRANGER, WRONG)
        first, second = Event.objects.order_by("at").values_list("subject_id", flat=True)
        assert first != second

    def test_is_told_of_a_deactivated_account(self, api: Api, owner: Person) -> None:
        User.objects.filter(pk=owner.user_id).update(is_active=False)
        log_in(api, owner.membership.user.email)
        assert failure().data["reason"] == "deactivated"

    def test_is_told_of_a_wrong_second_factor(self, api: Api, owner: Person) -> None:
        user, now = owner.membership.user, timezone.now()
        app = pyotp.TOTP(begin_totp(user=user, now=now).secret)
        codes = confirm_totp(user=user, code=app.now(), now=now)
        log_in(api, user.email, totp="000000")
        assert (failure().subject_id, failure().data["reason"]) == (user.pk, "second_factor")
        assert log_in(api, user.email, totp=codes[0]).status == 200
        assert Event.objects.get(type="user.recovery_code_used").subject_id == user.pk

    def test_is_told_of_a_wrong_code(self, api: Api, owner: Person) -> None:
        code = mint_code(email=owner.membership.user.email, now=timezone.now())
        other = f"{(int(code) + 1) % 1_000_000:06}"
        api.post("verify-code", {"email": owner.membership.user.email, "code": other})
        assert (failure().subject_id, failure().data["reason"]) == (owner.user_id, "code")
        assert other not in everything()

    def test_is_shown_to_the_organization(self, api: Api, owner: Person, outsider: Person) -> None:
        log_in(api, owner.membership.user.email, WRONG)
        for person, count in ((owner, 1), (outsider, 0)):
            rows = api.as_bearer(person.token).get("audit", {"type": "user.log_in_failed"}).rows("entries")
            assert len(rows) == count


class TestRights:
    def test_of_a_founder_are_written_down(self, api: Api, owner: Person) -> None:
        api.as_bearer(owner.token).post("organizations", {"name": "Second Inc"})
        event = Event.objects.get(type="member.joined")
        member = Membership.objects.get(pk=event.subject_id)
        assert (event.organization_id, event.data["role"]) == (member.organization_id, Role.OWNER)
        assert event.data["user_id"] == str(owner.user_id)

    def test_of_who_signs_up_are_written_down(self, api: Api, db: None) -> None:
        body = {"email": "new@example.com", "password": PASSWORD, "full_name": "A", "company_name": "B"}
        api.post("register", body)
        assert Event.objects.get(type="member.joined").data["role"] == Role.OWNER


class TestConsole:
    @pytest.fixture
    def root(self, db: None) -> User:
        """A superuser."""
        return make_user("root@example.com", is_staff=True, is_superuser=True)

    def test_log_ins_are_written_down(self, root: User) -> None:
        client = Client()
        client.post(reverse("admin:login"), {"username": root.email, "password": WRONG})
        client.post(reverse("admin:login"), {"username": STRANGER, "password": WRONG})
        client.post(reverse("admin:login"), {"username": root.email, "password": PASSWORD})
        client.post(reverse("admin:logout"))
        found = list(Event.objects.order_by("at").values_list("type", "data__is_known", "ip"))
        assert found == [
            ("console.log_in_failed", True, "127.0.0.1"),
            ("console.log_in_failed", False, "127.0.0.1"),
            ("console.logged_in", None, "127.0.0.1"),
            ("console.logged_out", None, "127.0.0.1"),
        ]
        assert WRONG not in everything()
        assert STRANGER not in everything()

    def test_changes_of_rights_are_written_down(self, root: User, owner: Person) -> None:
        client = Client()
        client.force_login(root)
        form = {
            "email": owner.membership.user.email,
            "full_name": owner.membership.user.full_name,
            "is_active": "on",
            "is_staff": "on",
            "memberships-TOTAL_FORMS": "0",
            "memberships-INITIAL_FORMS": "0",
        }
        client.post(reverse("admin:accounts_user_change", args=[owner.user_id]), form)
        event = Event.objects.get(type="user.rights_changed")
        assert (event.subject_id, event.actor_id, event.data) == (owner.user_id, root.pk, {"is_staff": True})

    def test_new_users_and_their_passwords_are_written_down(self, root: User) -> None:
        client = Client()
        client.force_login(root)
        form = {"email": "new@example.com", "full_name": "New", "password1": WRONG, "password2": WRONG}
        form |= {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0", "usable_password": "true"}
        client.post(reverse("admin:accounts_user_add"), form)
        user = User.objects.get(email="new@example.com")
        assert Event.objects.get(type="user.created").data == {"is_staff": False, "is_superuser": False}
        form = {"password1": WRONG + "2", "password2": WRONG + "2", "usable_password": "true"}
        client.post(reverse("admin:auth_user_password_change", args=[user.pk]), form)
        assert Event.objects.get(type="user.password_set").subject_id == user.pk
        assert WRONG not in everything()
