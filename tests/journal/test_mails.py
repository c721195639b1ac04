"""Mails: queued with what they tell of, sent once, and never lost."""

import logging
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail as post
from django.core.mail.backends.locmem import EmailBackend
from django.db import DatabaseError, connection, connections, transaction
from django.utils import timezone

from coditect.journal import mails
from coditect.journal.mails import BACK_OFF, FAILURES_PER_RUN, KEPT, prune_mails, queue_mail, send_due_mails
from coditect.journal.models import Mail
from tests.mails import deliver, deliver_one

TEMPLATE = "verify_email"
SECRET = "a-planted-secret-0123456789"
CONTEXT = {"name": "Ada", "email": "ada@example.com", "link": f"https://api.example.com/?token={SECRET}", "days": "3"}
NOW = timezone.now()


def compose(mail: Mail, now: datetime) -> Mapping[str, str]:
    """What every mail here shows."""
    return CONTEXT


@pytest.fixture(autouse=True)
def _own_composers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Composers registered here end with the test."""
    monkeypatch.setattr(mails, "_composers", {TEMPLATE: compose})


@pytest.fixture
def broken_server(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A mail server that hangs up; who it should have sent to."""
    tried: list[str] = []

    def hang_up(self: EmailBackend, messages: list[Any]) -> int:
        tried.extend(message.to[0] for message in messages)
        raise SMTPServerDisconnected(f"lost: {messages[0].body}")

    monkeypatch.setattr(EmailBackend, "send_messages", hang_up)
    return tried


def queue(to: str = "ada@example.com", now: datetime = NOW) -> Mail:
    """Queue a mail."""
    return queue_mail(template=TEMPLATE, to=to, now=now)


def send_at(now: datetime) -> None:
    """Do the worker's work at some time."""
    send_due_mails(clock=lambda: now)


@pytest.mark.django_db
class TestQueueMail:
    def test_goes_with_the_callers_transaction(self) -> None:
        with transaction.atomic():
            queue()
            transaction.set_rollback(True)
        assert not Mail.objects.exists()

    def test_stores_ids_alone(self) -> None:
        mail = queue_mail(template=TEMPLATE, to="ada@example.com", now=NOW, user_id=(user_id := queue().pk))
        mail.refresh_from_db()
        assert mail.ids == {"user_id": str(user_id)}
        assert (mail.status, mail.attempts, mail.created_at, mail.sent_at) == ("pending", 0, NOW, None)


@pytest.mark.django_db
class TestSendDueMails:
    def test_sends_each_once(self) -> None:
        queue("ada@example.com")
        queue("bob@example.com")
        assert [letter.to for letter in deliver()] == [["ada@example.com"], ["bob@example.com"]]
        assert deliver() == []

    def test_marks_what_was_sent(self) -> None:
        mail = queue()
        at = NOW + timedelta(seconds=5)
        send_at(at)
        mail.refresh_from_db()
        assert (mail.status, mail.sent_at, mail.attempts, mail.last_error) == ("sent", at, 1, "")

    def test_leaves_what_is_not_yet_due(self) -> None:
        queue(now=NOW + timedelta(seconds=1))
        send_at(NOW)
        assert post.outbox == []

    def test_comes_from_the_address_of_the_settings(self, settings: Any) -> None:
        settings.DEFAULT_FROM_EMAIL = "CODITECT <no-reply@example.com>"
        queue()
        assert deliver_one().from_email == "CODITECT <no-reply@example.com>"

    def test_forgets_a_mail_that_has_nothing_to_say(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(mails._composers, TEMPLATE, lambda *_: None)
        queue()
        assert deliver() == []
        assert not Mail.objects.exists()

    def test_keeps_no_secret_in_the_row(self) -> None:
        queue()
        assert SECRET in deliver_one().body
        assert SECRET not in str(Mail.objects.values())


@pytest.mark.django_db
class TestFailedMail:
    def test_is_tried_again_later(self, broken_server: list[str]) -> None:
        mail = queue()
        send_at(NOW)
        send_at(NOW + BACK_OFF[0] - timedelta(seconds=1))
        assert len(broken_server) == 1
        send_at(NOW + BACK_OFF[0])
        assert len(broken_server) == 2
        mail.refresh_from_db()
        assert mail.next_attempt_at == NOW + BACK_OFF[0] + BACK_OFF[1]

    def test_tells_the_errors_name_and_nothing_of_the_letter(
        self, broken_server: list[str], caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        mail = queue()
        send_at(NOW)
        mail.refresh_from_db()
        assert (mail.status, mail.last_error) == ("pending", "SMTPServerDisconnected")
        assert "SMTPServerDisconnected" in caplog.text
        assert SECRET not in caplog.text + str(vars(mail))

    def test_is_given_up_in_the_end(self, broken_server: list[str]) -> None:
        mail = queue()
        at = NOW
        for pause in BACK_OFF:
            send_at(at)
            at += pause
        send_at(at)
        mail.refresh_from_db()
        assert (mail.status, mail.attempts, len(broken_server)) == ("failed", len(BACK_OFF), len(BACK_OFF))
        send_at(at + timedelta(days=30))
        assert len(broken_server) == len(BACK_OFF)

    def test_is_one_of_few_in_a_run(self, broken_server: list[str]) -> None:
        for number in range(FAILURES_PER_RUN + 1):
            queue(f"user-{number}@example.com")
        send_at(NOW)
        assert len(broken_server) == FAILURES_PER_RUN

    @pytest.mark.parametrize("error", [KeyError("x"), ValueError("x")])
    def test_holds_up_no_other(self, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
        def refuse_bob(mail: Mail, now: datetime) -> Mapping[str, str]:
            if mail.to == "bob@example.com":
                raise error
            return CONTEXT

        monkeypatch.setitem(mails._composers, TEMPLATE, refuse_bob)
        queue("bob@example.com")
        queue("ada@example.com")
        assert [letter.to for letter in deliver()] == [["ada@example.com"]]

    def test_takes_what_its_composer_wrote_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def write_and_fail(mail: Mail, now: datetime) -> Mapping[str, str]:
            Mail.objects.filter(pk=mail.pk).update(to="changed@example.com")
            raise ValueError

        monkeypatch.setitem(mails._composers, TEMPLATE, write_and_fail)
        mail = queue()
        assert deliver() == []
        mail.refresh_from_db()
        assert (mail.to, mail.last_error) == ("ada@example.com", "ValueError")


@pytest.mark.django_db(transaction=True)
class TestSeveralWorkers:
    def test_share_the_mails_and_send_none_twice(self) -> None:
        count, workers = 30, 6
        for number in range(count):
            queue(f"user-{number}@example.com")
        start = threading.Barrier(workers)

        def work() -> None:
            start.wait()
            try:
                send_due_mails(clock=timezone.now)
            finally:
                connections.close_all()

        threads = [threading.Thread(target=work) for _ in range(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        recipients = [letter.to[0] for letter in post.outbox]
        assert sorted(recipients) == sorted(f"user-{number}@example.com" for number in range(count))
        assert Mail.objects.filter(status="sent", attempts=1).count() == count

    def test_do_not_wait_for_each_other(self) -> None:
        queue("ada@example.com")
        queue("bob@example.com")
        with transaction.atomic():
            held = Mail.objects.due(at=timezone.now()).select_for_update()[:1].get()
            other = threading.Thread(target=self._work)
            other.start()
            other.join()
            (sent,) = post.outbox
        assert {sent.to[0], held.to} == {"ada@example.com", "bob@example.com"}

    @staticmethod
    def _work() -> None:
        try:
            send_due_mails(clock=timezone.now)
        finally:
            connections.close_all()


@pytest.mark.django_db(transaction=True)
class TestWorkerThatDies:
    """Between the sending and the marking: the database refuses the mark."""

    @pytest.fixture(autouse=True)
    def _refuse_marks(self) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE FUNCTION refuse_mark() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;"
                "CREATE TRIGGER refuse_mark BEFORE UPDATE ON journal_mail"
                " FOR EACH ROW WHEN (NEW.status = 'sent') EXECUTE FUNCTION refuse_mark()"
            )
        yield
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION refuse_mark CASCADE")

    def test_leaves_the_mail_to_be_sent_again(self) -> None:
        mail = queue()
        with pytest.raises(DatabaseError):
            send_at(NOW)
        assert len(post.outbox) == 1
        mail.refresh_from_db()
        assert (mail.status, mail.attempts, mail.next_attempt_at) == ("pending", 1, NOW + BACK_OFF[0])
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER refuse_mark ON journal_mail")
        send_at(NOW + BACK_OFF[0])
        assert len(post.outbox) == 2
        mail.refresh_from_db()
        assert mail.status == "sent"


@pytest.mark.django_db
class TestPruneMails:
    def test_forgets_old_ones(self) -> None:
        queue(now=NOW - KEPT - timedelta(seconds=1))
        kept = queue(now=NOW - KEPT)
        prune_mails(now=NOW)
        assert list(Mail.objects.all()) == [kept]
