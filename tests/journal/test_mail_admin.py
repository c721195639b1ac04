"""Mails in the console: to look at."""

import pytest
from django.test import Client
from django.urls import reverse

from coditect.journal.models import Mail
from tests.dialects import Api
from tests.factories import make_user
from tests.mails import deliver_one, token_in


@pytest.fixture
def token(db: None) -> str:
    """The secret of a mail that was sent."""
    make_user("ada@example.com")
    Api("flat").post("forgot-password", {"email": "ada@example.com"})
    return token_in(deliver_one())


@pytest.fixture
def administrator(db: None) -> Client:
    """A superuser's browser."""
    client = Client()
    client.force_login(make_user("root@example.com", is_staff=True, is_superuser=True))
    return client


class TestMailAdmin:
    def test_shows_who_was_written_to_and_no_secret(self, administrator: Client, token: str) -> None:
        pages = [
            administrator.get(reverse("admin:journal_mail_changelist")),
            administrator.get(reverse("admin:journal_mail_change", args=[Mail.objects.get().pk])),
        ]
        for page in pages:
            assert page.status_code == 200
            assert b"ada@example.com" in page.content
            assert token.encode() not in page.content

    @pytest.mark.parametrize("name", ["add", "delete"])
    def test_changes_nothing(self, administrator: Client, token: str, name: str) -> None:
        arguments = [] if name == "add" else [Mail.objects.get().pk]
        assert administrator.post(reverse(f"admin:journal_mail_{name}", args=arguments)).status_code == 403

    def test_keeps_others_out(self, token: str) -> None:
        clerk = Client()
        clerk.force_login(make_user("clerk@example.com", is_staff=True))
        assert clerk.get(reverse("admin:journal_mail_changelist")).status_code == 403
        assert Client().get(reverse("admin:journal_mail_changelist")).status_code == 302
