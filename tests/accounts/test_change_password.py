"""auth/change-password."""

import pytest

from accounts.models import LoginSession, User
from coditect.journal.models import Event
from licenses.models import License
from tests.accounts.test_reset_password import mailed_token, reset
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import PASSWORD, Person, log_in
from tests.mails import deliver_one

NEW = "NewSecurePass456!"


@pytest.fixture
def me(api: Api, owner: Person) -> Api:
    """The owner's client."""
    return api.as_bearer(owner.token)


def change(me: Api, current: object = PASSWORD, new: object = NEW) -> Answer:
    """Change the password."""
    return me.post("change-password", {"current_password": current, "new_password": new})


def opens(api: Api, person: Person, password: str) -> bool:
    """Whether a password opens the door."""
    answer = api.post("log-in", {"email": person.membership.user.email, "password": password})
    return answer.status == 200


class TestChangePassword:
    def test_sets_the_new_one(self, api: Api, me: Api, owner: Person) -> None:
        assert change(me).status == 200
        assert (opens(api, owner, PASSWORD), opens(api, owner, NEW)) == (False, True)

    def test_keeps_this_log_in_and_ends_the_others(self, api: Api, me: Api, owner: Person) -> None:
        other = log_in(owner.membership.user)
        assert change(me).status == 200
        assert me.get("licenses").status == 200
        assert_problem(api.as_bearer(other).get("licenses"), 401, "token_revoked")

    def test_ends_no_seat_and_nothing_of_an_outsiders(
        self, api: Api, me: Api, owner: Person, outsider: Person, license: License
    ) -> None:
        other = api.as_bearer(log_in(owner.membership.user))
        seat = other.post("acquire", {"license_key": license.key_string, "hardware_id": "m"}).data["session_id"]
        assert change(me).status == 200
        assert other.patch("heartbeat", session_id=seat).status == 200
        assert api.as_bearer(outsider.token).get("licenses").status == 200
        assert opens(api, outsider, PASSWORD)

    @pytest.mark.parametrize("current", ["wrong", PASSWORD + " ", PASSWORD.lower()])
    def test_needs_the_current_one(self, api: Api, me: Api, owner: Person, current: str) -> None:
        answer = change(me, current)
        assert answer.status == {"flat": 400, "enveloped": 422}[api.dialect]
        assert list(answer.errors) == ["current_password"]
        assert opens(api, owner, PASSWORD)

    @pytest.mark.parametrize("new", ["short", "password123", "1234567890"])
    def test_refuses_a_weak_one(self, api: Api, me: Api, owner: Person, new: str) -> None:
        answer = change(me, new=new)
        assert answer.status == {"flat": 400, "enveloped": 422}[api.dialect]
        assert list(answer.errors) == ["new_password"]
        assert opens(api, owner, PASSWORD)

    @pytest.mark.parametrize("bad", [None, 5, [], {}])
    def test_needs_both_as_text(self, me: Api, bad: object) -> None:
        assert change(me, bad).status == 400
        assert change(me, new=bad).status == 400

    def test_needs_a_log_in(self, api: Api) -> None:
        assert_problem(change(api), 401, "authentication_required")

    def test_makes_a_reset_under_way_worthless(self, api: Api, me: Api, owner: Person) -> None:
        token = mailed_token(api, owner.membership.user.email)
        assert change(me).status == 200
        assert_problem(reset(api, token, "AnotherPass789!"), 400, "one_time_token_invalid")

    def test_tells_the_user_by_mail_and_the_journal(self, me: Api, owner: Person) -> None:
        change(me)
        letter = deliver_one()
        assert (letter.to, letter.subject) == ([owner.membership.user.email], "Your password was changed")
        event = Event.objects.get(type="user.password_changed")
        assert (event.subject_id, event.actor_id) == (owner.user_id, owner.user_id)
        assert NEW not in str(list(Event.objects.values()))

    def test_counts_guesses_with_those_of_logging_in(self, api: Api, me: Api, owner: Person) -> None:
        for _ in range(3):
            change(me, "wrong")
        assert not opens(api, owner, "wrong")
        assert not opens(api, owner, "wrong")
        assert_problem(change(me), 429, "rate_limit_exceeded")

    def test_hashes_anew(self, me: Api, owner: Person) -> None:
        before = User.objects.get(pk=owner.user_id).password
        change(me)
        after = User.objects.get(pk=owner.user_id).password
        assert after.startswith("argon2$argon2id$")
        assert after != before
        assert LoginSession.objects.filter(user=owner.user_id, revoked_at=None).count() == 1
