"""auth/change-email and auth/change-email/confirm."""

from datetime import timedelta

import pytest
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from accounts.models import EmailChange, OneTimeToken, User
from coditect.journal.models import Event, Mail
from tests.accounts.test_log_in import comparable
from tests.accounts.test_reset_password import mailed_token, reset
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import PASSWORD, Person, make_user
from tests.mails import deliver, token_in

NEW = "new@example.com"


@pytest.fixture
def me(api: Api, owner: Person) -> Api:
    """The owner's client."""
    return api.as_bearer(owner.token)


@pytest.fixture
def old(owner: Person) -> str:
    """The owner's address."""
    return owner.membership.user.email


def ask(me: Api, email: object = NEW, password: object = PASSWORD) -> Answer:
    """Ask for another address."""
    return me.post("change-email", {"new_email": email, "password": password})


def confirm(api: Api, token: str) -> Answer:
    """Confirm for one address."""
    return api.post("confirm-change-email", {"token": token})


def mails_by_address() -> dict[str, EmailMultiAlternatives]:
    """The mails just sent."""
    return {letter.to[0]: letter for letter in deliver()}


def tokens_by_address(me: Api, email: str = NEW) -> dict[str, str]:
    """The tokens of both mails."""
    assert ask(me, email).status == 200
    return {address: token_in(letter) for address, letter in mails_by_address().items()}


def address_of(person: Person) -> str:
    """The address that a user has now."""
    return User.objects.get(pk=person.user_id).email


class TestChangeEmail:
    @pytest.mark.parametrize("new_first", [True, False])
    def test_happens_when_both_addresses_are_confirmed(
        self, api: Api, me: Api, owner: Person, old: str, new_first: bool
    ) -> None:
        tokens = tokens_by_address(me)
        first, second = (NEW, old) if new_first else (old, NEW)
        answer = confirm(api, tokens[first])
        assert (answer.status, answer.data["email_changed"], address_of(owner)) == (200, False, old)
        answer = confirm(api, tokens[second])
        assert (answer.status, answer.data["email_changed"], address_of(owner)) == (200, True, NEW)
        assert api.post("log-in", {"email": NEW, "password": PASSWORD}).status == 200
        assert api.post("log-in", {"email": old, "password": PASSWORD}).status == 401

    def test_proves_the_new_address(self, api: Api, me: Api, owner: Person) -> None:
        for token in tokens_by_address(me).values():
            confirm(api, token)
        assert me.get("me").data["email_verified"] is True
        event = Event.objects.get(type="user.email_changed")
        assert event.subject_id == owner.user_id

    def test_does_not_happen_by_one_address_twice(self, api: Api, me: Api, owner: Person, old: str) -> None:
        tokens = tokens_by_address(me)
        assert confirm(api, tokens[NEW]).status == 200
        assert_problem(confirm(api, tokens[NEW]), 400, "one_time_token_invalid")
        assert address_of(owner) == old

    @pytest.mark.parametrize("password", ["wrong", PASSWORD + "x"])
    def test_needs_the_password(self, api: Api, me: Api, password: str) -> None:
        answer = ask(me, password=password)
        assert answer.status == {"flat": 400, "enveloped": 422}[api.dialect]
        assert list(answer.errors) == ["password"]
        assert deliver() == []

    def test_needs_a_log_in(self, api: Api) -> None:
        assert_problem(ask(api), 401, "authentication_required")

    @pytest.mark.parametrize("email", ["x", "", None, "a@b\r\nBcc: c@example.com"])
    def test_needs_an_address(self, me: Api, email: object) -> None:
        assert ask(me, email).status in {400, 422}
        assert not Mail.objects.exists()

    def test_needs_another_address(self, me: Api, old: str) -> None:
        assert list(ask(me, old.upper()).errors) == ["new_email"]

    def test_lasts_a_day(self, api: Api, me: Api, owner: Person, old: str) -> None:
        tokens = tokens_by_address(me)
        change = EmailChange.objects.get()
        assert change.expires_at - change.created_at == timedelta(days=1)
        assert confirm(api, tokens[old]).status == 200
        OneTimeToken.objects.update(expires_at=timezone.now())
        assert_problem(confirm(api, tokens[NEW]), 400, "one_time_token_invalid")
        assert address_of(owner) == old

    def test_gives_way_to_a_later_wish(self, api: Api, me: Api, owner: Person, old: str) -> None:
        earlier = tokens_by_address(me, "first@example.com")
        assert confirm(api, earlier[old]).status == 200
        later = tokens_by_address(me)
        assert_problem(confirm(api, earlier["first@example.com"]), 400, "one_time_token_invalid")
        confirm(api, later[NEW])
        assert address_of(owner) == old
        confirm(api, later[old])
        assert address_of(owner) == NEW

    def test_is_not_agreed_to_by_a_token_for_an_earlier_wish(self, api: Api, me: Api, owner: Person, old: str) -> None:
        earlier = tokens_by_address(me, "first@example.com")
        later = tokens_by_address(me)
        confirm(api, later[NEW])
        assert_problem(confirm(api, earlier[old]), 400, "one_time_token_invalid")
        assert address_of(owner) == old

    def test_makes_mails_of_an_earlier_wish_unsaid(self, me: Api) -> None:
        ask(me, "first@example.com")
        ask(me)
        assert "first@example.com" not in mails_by_address()

    def test_makes_a_reset_sent_to_the_old_address_worthless(self, api: Api, me: Api, old: str) -> None:
        token = mailed_token(api, old)
        for confirmation in tokens_by_address(me).values():
            confirm(api, confirmation)
        assert_problem(reset(api, token), 400, "one_time_token_invalid")

    def test_takes_no_token_of_another_purpose(self, api: Api, me: Api, old: str) -> None:
        tokens_by_address(me)
        assert_problem(confirm(api, mailed_token(api, old)), 400, "one_time_token_invalid")

    def test_concerns_no_outsider(self, api: Api, me: Api, outsider: Person) -> None:
        before = address_of(outsider)
        for token in tokens_by_address(me).values():
            confirm(api.as_bearer(outsider.token), token)
        assert address_of(outsider) == before

    def test_keeps_no_token_at_rest(self, me: Api) -> None:
        tokens = tokens_by_address(me).values()
        models = (EmailChange, Event, Mail, OneTimeToken)
        rows = str([list(model.objects.values()) for model in models])
        assert [token for token in tokens if token in rows] == []


class TestTakenAddress:
    def test_is_not_told_to_who_asks(self, api: Api, me: Api, old: str) -> None:
        make_user("taken@example.com")
        answers, letters, confirmations = [], [], []
        for email in ("taken@example.com", NEW):
            answers.append(comparable(ask(me, email))[:2])
            mails = mails_by_address()
            letters.append(mails[old].body.replace(email, "…").replace(token_in(mails[old]), "…"))
            confirmations.append(comparable(confirm(api, token_in(mails[old])))[:2])
        assert answers[0] == answers[1]
        assert letters[0] == letters[1]
        assert confirmations[0] == confirmations[1]

    def test_is_told_to_its_reader_without_a_token(self, me: Api) -> None:
        make_user("taken@example.com")
        ask(me, "taken@example.com")
        letter = mails_by_address()["taken@example.com"]
        assert letter.subject == "Your e-mail address was asked for"
        assert "token" not in letter.body

    def test_is_refused_even_when_taken_at_the_last_moment(self, api: Api, me: Api, owner: Person, old: str) -> None:
        tokens = tokens_by_address(me)
        confirm(api, tokens[old])
        make_user(NEW)
        assert_problem(confirm(api, tokens[NEW]), 400, "one_time_token_invalid")
        assert address_of(owner) == old
