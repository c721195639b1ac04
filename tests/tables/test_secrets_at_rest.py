"""The table of secrets at rest: every kind of secret is used, then all places are searched."""

import logging
import re
from dataclasses import dataclass, field
from socket import socket
from uuid import UUID

import pyotp
import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from coditect import jobs
from coditect.encryption import decrypt
from licenses.models import SigningKey
from tests.accounts.test_secrets_at_rest import everything_remembered
from tests.dialects import NAMES, Api
from tests.factories import PASSWORD
from tests.mails import code_in, deliver, deliver_one, token_in
from tests.tables.cases import Table
from webhooks.models import Attempt
from webhooks.services.deliver import deliver_lane
from webhooks.services.dispatch import dispatch_events

EMAIL, NEW_EMAIL, GUEST = "ada@example.com", "new@example.com", "guest@example.com"
NEW, CONSOLE_PASSWORD, WRONG = "NewSecurePass456!", "ConsolePass789!x", "AlmostRight321!x"


@dataclass
class Flows:
    """Makes and uses every kind of secret; remembers each by its name."""

    api: Api
    secrets: dict[str, str] = field(default_factory=dict)

    def run(self) -> dict[str, str]:
        """All of them."""
        self.sign_up()
        self.log_in()
        self.reset()
        self.second_factor()
        self.api_token()
        self.license_file()
        self.invite()
        self.change_address()
        self.webhook()
        self.console()
        return {name: re.escape(value) for name, value in self.secrets.items()} | {
            # Six digits alone may stand in any time or number.
            "log-in code": rf"(?<![\w.]){self.secrets['log-in code']}(?!\w)"
        }

    def sign_up(self) -> None:
        """The password, and the token that proves the address."""
        self.secrets |= {"password": PASSWORD, "wrong password": WRONG}
        account = {"email": EMAIL, "password": PASSWORD, "full_name": "Ada", "company_name": "Acme"}
        assert self.api.post("register", account).status == 201
        self.secrets["verification token"] = token_in(deliver_one())
        assert self.api.post("verify-email", {"token": self.secrets["verification token"]}).status == 200

    def log_in(self) -> None:
        """Both tokens, by password and by code."""
        assert self.api.post("log-in", {"email": EMAIL, "password": WRONG}).status == 401
        pair = self.api.post("log-in", {"email": EMAIL, "password": PASSWORD}).data
        self.secrets |= {"access token": pair["access"], "refresh token": pair["refresh"]}
        assert self.api.post("refresh", {"refresh": pair["refresh"]}).status == 200
        assert self.api.post("refresh", {"refresh": pair["refresh"] + "x"}).status == 401
        self.api.post("request-code", {"email": EMAIL})
        self.secrets["log-in code"] = code_in(deliver_one())
        assert self.api.post("verify-code", {"email": EMAIL, "code": self.secrets["log-in code"]}).status == 200

    def reset(self) -> None:
        """The token that resets a password, and the new password."""
        self.api.post("forgot-password", {"email": EMAIL})
        token = token_in(deliver_one())
        assert self.api.post("reset-password", {"token": token, "new_password": NEW}).status == 200
        deliver()
        access = self.api.post("log-in", {"email": EMAIL, "password": NEW}).data["access"]
        self.api = self.api.as_bearer(access)
        self.secrets |= {"reset token": token, "new password": NEW, "second access token": access}

    def second_factor(self) -> None:
        """The secret of an app, a code of it, and a recovery code."""
        self.secrets["TOTP secret"] = secret = self.api.post("totp").data["secret"]
        codes = self.api.post("confirm-totp", {"code": pyotp.TOTP(secret).now()}).data["recovery_codes"]
        self.secrets |= {"recovery code": codes[0], "unused recovery code": codes[1]}
        body = {"email": EMAIL, "password": NEW, "totp": codes[0]}
        assert self.api.post("log-in", body).status == 200

    def api_token(self) -> None:
        """An API token, used in both headers and once where it may not be."""
        text = self.api.post("tokens", {"name": "CI", "scopes": ["read:licenses"]}).data["token"]
        self.secrets["API token"] = text
        assert self.api.as_bearer(text).get("licenses").status == 200
        assert Api(self.api.dialect).with_headers(x_api_key=text).get("licenses").status == 200
        assert self.api.as_bearer(text).get("tokens").status == 403

    def license_file(self) -> None:
        """The key that signs license files."""
        license_id = self.api.get("licenses").rows("licenses")[0]["id"]
        assert self.api.get("download", license_id=license_id).status == 200
        key = SigningKey.objects.get()
        self.secrets["signing key"] = decrypt(key.private_key, context=key.context)

    def invite(self) -> None:
        """The token of an invitation."""
        organization = self.api.get("organizations").rows("organizations")[0]["id"]
        body = {"email": GUEST, "role": "member"}
        assert self.api.post("invitations", body, organization_id=organization).status == 201
        token = next(token_in(letter) for letter in deliver() if letter.to == [GUEST])
        answer = Api(self.api.dialect).post(
            "accept-invitation", {"token": token, "password": "GuestSecurePass1!", "full_name": "Guest"}
        )
        assert answer.status == 201
        self.secrets |= {"invitation token": token, "guest's password": "GuestSecurePass1!"}

    def change_address(self) -> None:
        """Both tokens that change an address."""
        assert self.api.post("change-email", {"new_email": NEW_EMAIL, "password": NEW}).status == 200
        old, new = (token_in(letter) for letter in deliver() if letter.to[0] in {EMAIL, NEW_EMAIL})
        self.secrets |= {"token of the old address": old, "token of the new address": new}

    def webhook(self) -> None:
        """The secrets of a webhook: two that sign what is sent, after one that does no more; and of a deleted one."""
        with socket() as deaf:
            deaf.bind(("127.0.0.1", 0))
            body = {"url": f"https://127.0.0.1:{deaf.getsockname()[1]}/in", "events": ["*"]}
            kept = self.api.with_headers(idempotency_key="webhook").post("webhooks", body).data
            rotations = [self.api.post("rotate-webhook-secret", webhook_id=kept["id"]).data for _ in range(2)]
            license_id = self.api.get("licenses").rows("licenses")[0]["id"]
            assert self.api.post("suspend", license_id=license_id).status == 200
            dispatch_events(clock=timezone.now)
            deliver_lane(endpoint_id=UUID(kept["id"]), clock=timezone.now)
        assert Attempt.objects.get().error
        deleted = self.api.post("webhooks", body).data
        self.api.delete("webhook", webhook_id=deleted["id"])
        self.secrets |= {
            "webhook secret": kept["secret"],
            "previous webhook secret": rotations[0]["secret"],
            "present webhook secret": rotations[1]["secret"],
            "secret of a deleted webhook": deleted["secret"],
        }

    def console(self) -> None:
        """The password of an administrator, and the cookie that it gives."""
        User.objects.create_superuser(email="root@example.com", password=CONSOLE_PASSWORD, full_name="Root")
        browser = Client()
        form = {"username": "root@example.com", "password": CONSOLE_PASSWORD}
        assert browser.post("/admin/login/", form).status_code == 302
        self.secrets["console password"] = CONSOLE_PASSWORD


def fail_with(api: Api, password: str) -> None:
    """A defect while somebody logs in, whose trace goes into the log."""
    with connection.cursor() as cursor:
        cursor.execute("SET search_path TO nowhere")
        try:
            assert api.post("log-in", {"email": EMAIL, "password": password}).status == 500
        finally:
            cursor.execute("RESET search_path")


def tables() -> dict[str, str]:
    """Every table of PostgreSQL as text."""
    found = {}
    with connection.cursor() as cursor:
        for name in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{name}" t')  # noqa: S608 (names from the database itself)
            found[name] = "\n".join(row for (row,) in cursor.fetchall())
    return found


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("dialect", NAMES)
def test_secrets_at_rest(dialect: str, caplog: pytest.LogCaptureFixture, settings: Settings) -> None:
    settings.RATE_LIMIT_FACTOR = 0
    settings.WEBHOOK_ALLOW_PRIVATE = True
    caplog.set_level(logging.DEBUG)
    secrets = Flows(Api(dialect)).run()
    fail_with(Api(dialect), NEW)
    jobs.messenger.drain()
    rows = tables()
    places = {
        "PostgreSQL": "\n".join(rows.values()),
        "the rows of mails": rows["journal_mail"],
        "the journal": rows["journal_event"],
        "Redis and the worker's messages": "\n".join(everything_remembered()),
        "the log": caplog.text + "".join(str(vars(record)) for record in caplog.records),
    }
    assert EMAIL in places["PostgreSQL"]
    assert all(places.values()), [name for name, text in places.items() if not text]
    table = Table("secrets at rest")
    for place, text in places.items():
        for name, pattern in secrets.items():
            table.judge(f"{name} in {place}", is_good=not re.search(pattern, text))
    table.done()
