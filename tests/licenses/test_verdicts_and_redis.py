"""Remembered verdicts on a real Redis that is raced for, paused, killed, and put back to an earlier moment."""

import os
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest
from django.db import connection
from django.utils import timezone

from coditect import redis
from coditect.local.valkey import Valkey
from licenses.models import License
from licenses.services.judge import Verdict
from licenses.services.life import suspend_license
from licenses.services.validate import validate_key
from tests.bench.costs import counting
from tests.factories import Person, make_license
from tests.licenses.unhurried import give_time

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS, READERS = 8, 4


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    give_time(monkeypatch)


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    """A Redis that a test may harm."""
    server = Valkey(tmp_path / "valkey")
    server.start()
    pool, redis.client.connection_pool = redis.client.connection_pool, redis.connect(server.url).connection_pool
    # So that nothing which was remembered is lost: whether it is believed afterwards is the question.
    redis.client.config_set("appendfsync", "always")
    try:
        yield server
    finally:
        redis.client.connection_pool.disconnect()
        redis.client.connection_pool = pool
        server.stop()


@contextmanager
def paused(server: Valkey) -> Iterator[None]:
    """Inside, the server takes commands in and answers none."""
    os.kill(server.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.pid, signal.SIGCONT)


def become_another_process(server: Valkey) -> None:
    """One with connections of its own, which noticed nothing of what befell the server."""
    redis.client.connection_pool = redis.connect(server.url).connection_pool
    redis.client.ping()
    redis.breaker.forget()


def ask(license: License) -> Verdict:
    """The verdict now."""
    return validate_key(license.key_string, now=timezone.now())


def is_remembered(license: License) -> bool:
    """Whether a verdict comes without SQL."""
    with counting() as cost:
        ask(license)
    return cost.statements == []


def suspend(license: License) -> None:
    """As an administrator does."""
    suspend_license(license_id=license.pk, now=timezone.now())


class TestARace:
    def test_ends_for_every_reader_with_the_change(self, owner: Person) -> None:
        """Whoever begins to ask after the change has returned must hear of it, whatever was on its way."""
        for _ in range(ROUNDS):
            license, changed, started = make_license(owner.organization), Event(), Event()

            def read(license: License = license, changed: Event = changed, started: Event = started) -> list[str]:
                codes: list[str] = []
                while len(codes) < 3:
                    is_after = changed.is_set()
                    verdict = ask(license)
                    started.set()
                    codes += [verdict.code] if is_after else []
                connection.close()
                return codes

            with ThreadPoolExecutor(READERS) as pool:
                reading = [pool.submit(read) for _ in range(READERS)]
                started.wait()
                suspend(license)
                changed.set()
                assert [future.result() for future in reading] == [["suspended"] * 3] * READERS


class TestARedisThat:
    def test_was_paused_during_a_change_is_not_believed(self, valkey: Valkey, license: License) -> None:
        assert ask(license).is_valid
        with paused(valkey):
            suspend(license)
            assert ask(license).code == "suspended"
        assert ask(license).code == "suspended"

    def test_was_paused_hears_of_the_change_late_but_hears(self, valkey: Valkey, license: License) -> None:
        """What it could not answer in time it does when it wakes: another process, too, finds the mark."""
        ask(license)
        with paused(valkey):
            suspend(license)
        become_another_process(valkey)
        assert ask(license).code == "suspended"

    def test_was_killed_is_not_believed_by_who_did_not_notice(self, valkey: Valkey, license: License) -> None:
        assert ask(license).is_valid
        assert is_remembered(license)
        valkey.kill()
        valkey.start()
        become_another_process(valkey)
        assert list(redis.client.scan_iter("verdict:*")), "nothing is left to be believed"
        assert not is_remembered(license)

    def test_was_rolled_back_is_not_believed(self, valkey: Valkey, license: License, tmp_path: Path) -> None:
        assert ask(license).is_valid
        shutil.copytree(valkey.directory, tmp_path / "saved", ignore_dangling_symlinks=True)
        suspend(license)
        valkey.kill()
        shutil.rmtree(valkey.directory)
        shutil.copytree(tmp_path / "saved", valkey.directory)
        valkey.start()
        become_another_process(valkey)
        assert ask(license).code == "suspended"

    def test_is_dead_leaves_validation_to_the_database(self, valkey: Valkey, license: License) -> None:
        ask(license)
        valkey.kill()
        assert ask(license).is_valid
        suspend(license)
        assert ask(license).code == "suspended"
