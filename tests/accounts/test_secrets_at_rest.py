"""What is mailed in clear lies nowhere in clear: the whole database, Redis and the log are searched for it."""

import base64
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from accounts.models import User
from coditect import jobs, redis
from coditect.journal.mails import SEND_TASK
from tests.dialects import Api
from tests.factories import PASSWORD, log_in
from tests.mails import code_in, deliver, deliver_one, text_of, token_in

EMAIL, NEW_EMAIL = "ada@example.com", "new@example.com"
NEW, NEWEST = "NewSecurePass456!", "NewestSecurePass789!"


def everything_stored() -> str:
    """Every row of every table, and all that is in Redis."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        rows = []
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608 (names from the database itself)
            rows += [row for (row,) in cursor.fetchall()]
    return "\n".join([*rows, *everything_remembered()])


def everything_remembered() -> Iterator[str]:
    """Every key of Redis; the messages to the worker in clear."""
    for key in redis.client.scan_iter():
        yield f"{key!r} {redis.client.dump(key)!r}"
    for queue in ("celery", settings.DELIVERY_QUEUE):
        for message in redis.client.lrange(queue, 0, -1):
            yield f"{message!r} {base64.b64decode(json.loads(message)['body'])!r}"


def go_through_all_flows(api: Api) -> list[str]:
    """Use every one-time secret and change every password; answers, as patterns, what must not be found again."""
    account = {"email": EMAIL, "password": PASSWORD, "full_name": "Ada", "company_name": "Acme"}
    api.post("register", account)
    verification = token_in(deliver_one())
    api.post("verify-email", {"token": verification})
    api.post("forgot-password", {"email": EMAIL})
    reset = token_in(deliver_one())
    assert api.post("reset-password", {"token": reset, "new_password": NEW}).status == 200
    deliver()
    api.post("request-code", {"email": EMAIL})
    code = code_in(deliver_one())
    tokens = api.post("verify-code", {"email": EMAIL, "code": code}).data
    me = api.as_bearer(log_in(User.objects.get()))
    assert me.post("change-password", {"current_password": NEW, "new_password": NEWEST}).status == 200
    deliver()
    assert me.post("change-email", {"new_email": NEW_EMAIL, "password": NEWEST}).status == 200
    confirmations = [token_in(letter) for letter in deliver()]
    for token in confirmations:
        assert api.post("confirm-change-email", {"token": token}).status == 200
    api.post("verify-email", {"token": "wrong" + reset})
    # Six digits alone may stand in any time or number.
    whole_code = rf"(?<![\w.]){code}(?!\w)"
    return [
        whole_code,
        *map(re.escape, (PASSWORD, NEW, NEWEST, verification, reset, tokens["refresh"], *confirmations)),
    ]


class TestSecretsAtRest:
    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("dialect", ["flat", "enveloped"])
    def test_are_found_nowhere(self, dialect: str, caplog: pytest.LogCaptureFixture, settings: Any) -> None:
        settings.RATE_LIMIT_FACTOR = 0
        caplog.set_level(logging.DEBUG)
        secrets = go_through_all_flows(Api(dialect))
        jobs.messenger.drain()
        stored = everything_stored()
        assert EMAIL in stored
        assert SEND_TASK in stored
        assert [secret for secret in secrets if re.search(secret, stored + caplog.text)] == []


class TestMails:
    def test_tell_no_password(self, api: Api, db: None) -> None:
        api.post("register", {"email": EMAIL, "password": PASSWORD, "full_name": "Ada", "company_name": "Acme"})
        api.post("forgot-password", {"email": EMAIL})
        assert [letter for letter in deliver() if PASSWORD in text_of(letter)] == []
