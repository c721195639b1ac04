"""auth/verify-email and auth/resend-verification."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.models import OneTimeToken, User
from coditect.journal.models import Event, Mail
from tests.accounts.test_log_in import comparable
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import PASSWORD, make_user
from tests.mails import deliver, deliver_one, html_of, text_of, token_in

EMAIL = "ada@example.com"


@pytest.fixture
def ada(db: None) -> User:
    """A user whose address is not proved."""
    return make_user(EMAIL, full_name="Ada <b>Lovelace</b>")


def ask(api: Api, email: str = EMAIL) -> Answer:
    """Have the link sent again."""
    return api.post("resend-verification", {"email": email})


def verify(api: Api, token: str) -> Answer:
    """Prove the address."""
    return api.post("verify-email", {"token": token})


def is_verified(user: User) -> bool:
    """Whether the address counts as proved."""
    user.refresh_from_db()
    return user.email_verified_at is not None


def mailed_token(api: Api) -> str:
    """The token of a new mail."""
    ask(api)
    return token_in(deliver_one())


class TestRegistration:
    def test_sends_the_link(self, api: Api) -> None:
        body = {"email": "New@Example.com", "password": PASSWORD, "full_name": "New", "company_name": "Co"}
        answer = api.post("register", body)
        assert (answer.status, answer.data["email_verified"]) == (201, False)
        letter = deliver_one()
        assert letter.to == ["new@example.com"]
        assert verify(api, token_in(letter)).status == 200
        assert is_verified(User.objects.get())

    def test_that_is_refused_sends_nothing(self, api: Api, ada: User) -> None:
        body = {"email": EMAIL, "password": PASSWORD, "full_name": "New", "company_name": "Co"}
        assert_problem(api.post("register", body), 409, "email_taken")
        assert deliver() == []


class TestVerificationMail:
    def test_leads_by_its_link_to_the_public_address(self, ada: User) -> None:
        ask(Api("flat"))
        letter = deliver_one()
        assert letter.subject == "Confirm your e-mail address"
        (link,) = re.findall(r"https?://\S+", text_of(letter))
        path = f"{settings.PUBLIC_URL}/api/v1/auth/verify-email/?token={token_in(letter)}"
        assert link == path
        assert f'href="{path}"' in html_of(letter)
        assert Api("flat").send("GET", link.removeprefix(settings.PUBLIC_URL)).status == 200

    def test_takes_a_name_for_text(self, ada: User) -> None:
        ask(Api("flat"))
        letter = deliver_one()
        assert "Hello Ada <b>Lovelace</b>," in text_of(letter)
        assert "Hello Ada &lt;b&gt;Lovelace&lt;/b&gt;," in html_of(letter)


class TestVerifyEmail:
    def test_proves_the_address(self, api: Api, ada: User) -> None:
        answer = verify(api, mailed_token(api))
        assert (answer.status, answer.data["email_verified"], answer.data["email"]) == (200, True, EMAIL)
        assert is_verified(ada)

    def test_takes_the_token_from_a_link_too(self, api: Api, ada: User) -> None:
        assert api.get("verify-email", {"token": mailed_token(api)}).status == 200
        assert is_verified(ada)

    def test_may_be_repeated(self, api: Api, ada: User) -> None:
        token = mailed_token(api)
        assert verify(api, token).status == 200
        ada.refresh_from_db()
        verified_at = ada.email_verified_at
        assert verify(api, token).status == 200
        assert api.get("verify-email", {"token": token}).status == 200
        ada.refresh_from_db()
        assert ada.email_verified_at == verified_at
        assert Event.objects.filter(type="user.email_verified").count() == 1

    def test_takes_each_of_several_mails(self, api: Api, ada: User) -> None:
        first, _ = mailed_token(api), mailed_token(api)
        assert verify(api, first).status == 200

    @pytest.mark.parametrize("token", ["x", "A" * 43, "é", "0"])
    def test_refuses_a_token_that_is_none(self, api: Api, ada: User, token: str) -> None:
        assert_problem(verify(api, token), 400, "one_time_token_invalid")
        assert_problem(api.get("verify-email", {"token": token}), 400, "one_time_token_invalid")

    @pytest.mark.parametrize("token", [None, "", 5, [], "x" * 201])
    def test_refuses_what_cannot_be_a_token(self, api: Api, token: object) -> None:
        assert api.post("verify-email", {"token": token}).status in {400, 422}
        assert api.get("verify-email").status == 400

    def test_refuses_an_old_token(self, api: Api, ada: User) -> None:
        token = mailed_token(api)
        OneTimeToken.objects.update(expires_at=timezone.now())
        assert_problem(verify(api, token), 400, "one_time_token_invalid")
        assert not is_verified(ada)

    def test_lasts_three_days(self, api: Api, ada: User) -> None:
        mailed_token(api)
        row = OneTimeToken.objects.get()
        assert row.expires_at - row.created_at == timedelta(days=3)

    def test_refuses_a_token_of_another_purpose(self, api: Api, ada: User) -> None:
        api.post("forgot-password", {"email": EMAIL})
        assert_problem(verify(api, token_in(deliver_one())), 400, "one_time_token_invalid")

    def test_refuses_a_token_of_an_address_that_was_left(self, api: Api, ada: User) -> None:
        token = mailed_token(api)
        User.objects.update(email="other@example.com")
        assert_problem(verify(api, token), 400, "one_time_token_invalid")

    def test_refuses_a_deactivated_user(self, api: Api, ada: User) -> None:
        token = mailed_token(api)
        User.objects.update(is_active=False)
        assert_problem(verify(api, token), 400, "one_time_token_invalid")

    def test_concerns_no_outsider(self, api: Api, ada: User) -> None:
        outsider = make_user("eve@example.com")
        assert verify(api, mailed_token(api)).status == 200
        assert not is_verified(outsider)

    def test_stores_the_tokens_hash_alone(self, api: Api, ada: User) -> None:
        token = mailed_token(api)
        verify(api, token)
        rows = [*OneTimeToken.objects.values(), *Mail.objects.values(), *Event.objects.values()]
        assert token not in str(rows)


class TestResendVerification:
    def test_answers_alike_for_every_address(self, api: Api, ada: User) -> None:
        make_user("proved@example.com", email_verified_at=timezone.now())
        make_user("gone@example.com", is_active=False)
        addresses = [EMAIL, "proved@example.com", "gone@example.com", "nobody@example.com"]
        answers = [comparable(ask(api, email)) for email in addresses]
        assert answers == [answers[0]] * 4
        assert answers[0][0] == 200

    def test_writes_to_who_waits_for_it_alone(self, api: Api, ada: User) -> None:
        make_user("proved@example.com", email_verified_at=timezone.now())
        make_user("gone@example.com", is_active=False)
        for email in (EMAIL, "proved@example.com", "gone@example.com", "nobody@example.com"):
            ask(api, email)
        assert [letter.to for letter in deliver()] == [[EMAIL]]
        assert set(Mail.objects.values_list("to", flat=True)) == {EMAIL}

    def test_takes_the_address_however_written(self, api: Api, ada: User) -> None:
        ask(api, " ADA@Example.com ")
        assert deliver_one().to == [EMAIL]

    def test_floods_no_mailbox(self, ada: User) -> None:
        sent = 0
        for _ in range(3):
            for _ in range(5):
                Mail.objects.create(
                    template="verify_email", to=EMAIL, created_at=timezone.now(), next_attempt_at=timezone.now()
                )
            sent += len(deliver())
        assert sent == 10

    @pytest.mark.parametrize("email", ["x", "", None, "a@b\r\nBcc: c@example.com"])
    def test_refuses_what_is_no_address(self, api: Api, email: object) -> None:
        assert api.post("resend-verification", {"email": email}).status in {400, 422}
        assert not Mail.objects.exists()
