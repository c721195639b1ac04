"""enqueue: a hint to the worker, after the commit, that never holds up whoever gives it."""

import base64
import json
import logging
import os
import socket
import subprocess
import sys
from typing import Any
from uuid import UUID

import pytest
from celery import Celery
from django.conf import settings
from django.db import transaction

from coditect import jobs, redis
from coditect.jobs import Messenger, enqueue
from coditect.local.options import ROOT

ID = UUID("6f9619ff-8b86-4011-b42d-00cf4fc964ff")


def hints() -> list[tuple[str, Any]]:
    """The names and arguments of the tasks that wait at the broker."""
    messages = [json.loads(text) for text in reversed(redis.client.lrange("celery", 0, -1))]
    bodies = [json.loads(base64.b64decode(message["body"])) for message in messages]
    return [(message["headers"]["task"], body[1]) for message, body in zip(messages, bodies, strict=True)]


@pytest.mark.django_db(transaction=True)
class TestEnqueue:
    def test_tells_the_broker_names_and_ids(self) -> None:
        enqueue("test.first")
        enqueue("test.second", thing_id=ID)
        jobs.messenger.drain()
        assert hints() == [("test.first", {}), ("test.second", {"thing_id": str(ID)})]

    def test_waits_for_the_commit(self) -> None:
        with transaction.atomic():
            enqueue("test.first")
            jobs.messenger.drain()
            assert hints() == []
        jobs.messenger.drain()
        assert hints() == [("test.first", {})]

    def test_says_nothing_of_what_is_rolled_back(self) -> None:
        with transaction.atomic():
            enqueue("test.first")
            transaction.set_rollback(True)
        jobs.messenger.drain()
        assert hints() == []


class TestMessenger:
    def test_drops_what_does_not_fit_while_the_broker_is_silent(self, caplog: pytest.LogCaptureFixture) -> None:
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen(1)
            messenger = Messenger(app=self._app_at(silent.getsockname()[1]), capacity=2)
            for number in range(10):
                messenger.tell("test.first", {"thing_id": str(ID), "number": str(number)})
            dropped = [record for record in caplog.records if record.message.startswith("dropped a hint")]
            # Two wait, and one may be on its way.
            assert len(dropped) in {7, 8}
        messenger.drain()
        assert str(ID) not in caplog.text

    def test_says_the_same_once_and_once_more_for_all_that_came_after(self) -> None:
        messenger = Messenger()
        for _ in range(1000):
            messenger.tell("test.first", {})
            messenger.tell("test.first", {"thing_id": str(ID)})
        messenger.drain()
        told = hints()
        assert told[:2] == [("test.first", {}), ("test.first", {"thing_id": str(ID)})]
        # A second one each has to wait; a machine that stands still for long lets more through.
        assert len(told) < 100
        messages = [json.loads(text) for text in redis.client.lrange("celery", 0, -1)]
        assert [message["headers"]["eta"] is None for message in messages].count(True) == 2

    def test_remembers_a_bounded_number(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(jobs, "KINDS_REMEMBERED", 10)
        messenger = Messenger()
        for number in range(100):
            messenger.tell("test.first", {"number": str(number)})
        assert len(messenger._arrives_at) <= 10
        messenger.drain()

    def test_gives_no_more_where_nobody_reads_them(self, caplog: pytest.LogCaptureFixture) -> None:
        redis.client.rpush("celery", *["{}"] * jobs.CROWD)
        messenger = Messenger()
        for number in range(10):
            messenger.tell("test.first", {"number": str(number)})
        messenger.drain()
        assert redis.client.llen("celery") == jobs.CROWD
        assert len([record for record in caplog.records if "is its worker away?" in record.message]) == 1

    def test_survives_a_broker_that_is_away(self, caplog: pytest.LogCaptureFixture) -> None:
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            messenger = Messenger(app=self._app_at(closed.getsockname()[1]))
            messenger.tell("test.first", {})
            messenger.tell("test.second", {})
            messenger.drain()
        lost = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
        assert [text.partition(":")[0] for text in lost] == [
            "lost a hint to run test.first",
            "lost a hint to run test.second",
        ]

    def test_works_on_both_sides_of_a_fork(self) -> None:
        script = (
            "import os; from coditect import jobs\n"
            "jobs.messenger.tell('test.before', {}); jobs.messenger.drain()\n"
            # As if another thread were just then using the queue: in the child nobody will let go of it.
            "held = jobs.messenger._hints.mutex; held.acquire(); child = os.fork(); held.release() if child else None\n"
            "jobs.messenger.tell('test.parent' if child else 'test.child', {}); jobs.messenger.drain()\n"
            "os.waitpid(child, 0) if child else os._exit(0)\n"
        )
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": "coditect.settings"}
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", script], cwd=ROOT, env=environment, check=True, timeout=60
        )
        assert sorted(name for name, _ in hints()) == ["test.before", "test.child", "test.parent"]

    @staticmethod
    def _app_at(port: int) -> Celery:
        app = Celery(broker=f"redis://127.0.0.1:{port}/0")
        app.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
        return app
