"""Mails of somebody who leaves: told on request, and forgotten with them."""

from accounts.models import OneTimeToken, User
from coditect.journal.models import Mail
from tests.dialects import Api
from tests.factories import PASSWORD, Person
from tests.mails import deliver


def ask_for_mails(api: Api, person: Person) -> str:
    """Have a mail sent and another one queued; answers the address."""
    email = person.membership.user.email
    api.post("forgot-password", {"email": email})
    deliver()
    api.post("resend-verification", {"email": email})
    return email


class TestMailsOfAPerson:
    def test_are_told_to_them_alone(self, api: Api, owner: Person, outsider: Person) -> None:
        email = ask_for_mails(api, owner)
        told = api.as_bearer(owner.token).get("export-me").data["mails"]
        assert [(mail["template"], mail["to"], mail["sent_at"] is None) for mail in told] == [
            ("reset_password", email, False),
            ("verify_email", email, True),
        ]
        assert api.as_bearer(outsider.token).get("export-me").data["mails"] == []

    def test_are_forgotten_with_them(self, api: Api, owner: Person, outsider: Person) -> None:
        email = ask_for_mails(api, owner)
        other = ask_for_mails(api, outsider)
        url = api.url("me")
        assert api.as_bearer(owner.token).send("DELETE", url, body={"password": PASSWORD}).status in {200, 204}
        assert set(Mail.objects.values_list("to", flat=True)) == {other}
        assert not OneTimeToken.objects.filter(user=User.objects.get(pk=owner.user_id)).exists()
        assert email not in str(list(Mail.objects.values()))
        assert [letter.to for letter in deliver()] == [[other]]
