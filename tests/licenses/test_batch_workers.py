"""Several batches, several workers, and one that is killed: the work is shared, and nothing is done twice."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from queue import Queue
from typing import TypeVar
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection, connections, transaction
from django.utils import timezone

from coditect import jobs
from coditect.celery import app as celery
from coditect.journal.models import Event
from coditect.local.options import ROOT
from licenses.models import Batch, License
from licenses.services import batches, run_batch
from licenses.services.batch_items import claim_items
from licenses.services.batches import KEPT, TooManyBatches
from licenses.services.run_batch import run_batches, take_turn
from tests.factories import Person, make_person
from tests.licenses.batches import (
    NOBODYS,
    cancel,
    counts,
    happened,
    make_licenses,
    order,
    outcomes,
    run,
    statuses,
)

Result = TypeVar("Result")
PATIENCE_SECONDS = 30
POLL_SECONDS = 0.02
SUCCEEDED, PENDING, CANCELED = ("succeeded", ""), ("pending", ""), ("canceled", "")
# What the worker's task does.
WORKER = """
import django
django.setup()
from licenses.tasks import run_unfinished_batches
run_unfinished_batches()
"""


def in_thread(action: Callable[[], Result]) -> Result:
    """What it returns; with connections of its own."""
    try:
        return action()
    finally:
        connections.close_all()


@contextmanager
def in_hand_elsewhere(batch: Batch) -> Iterator[threading.Event]:
    """Another run has claimed an item; it dies without a trace when told so, at the latest at the end."""
    has_claimed, may_die = threading.Event(), threading.Event()

    def claim() -> None:
        with transaction.atomic():
            claim_items(batch, at_most=1)
            has_claimed.set()
            may_die.wait(PATIENCE_SECONDS)
            transaction.set_rollback(True)

    with ThreadPoolExecutor(1) as pool:
        claiming = pool.submit(in_thread, claim)
        assert has_claimed.wait(PATIENCE_SECONDS)
        try:
            yield may_die
        finally:
            may_die.set()
            claiming.result()


def wait_for_a_lock() -> None:
    """Return once somebody waits for a row that another has locked."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute(
                "SELECT count(*) FROM pg_locks AS waiting WHERE NOT granted AND EXISTS (SELECT 1 FROM pg_locks AS held"
                " JOIN pg_database ON oid = database WHERE held.pid = waiting.pid AND datname = current_database())"
            )
            if cursor.fetchone()[0]:
                return
            time.sleep(POLL_SECONDS)
    raise AssertionError("nobody waits for a lock")


@contextmanager
def worker() -> Iterator["subprocess.Popen[bytes]"]:
    """A process that does what the worker does, on the tests' own database; killed at the end."""
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    env = {**os.environ, "DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": "coditect.settings"}
    with subprocess.Popen([sys.executable, "-c", WORKER], cwd=ROOT, env=env) as process:
        try:
            yield process
        finally:
            process.kill()


class TestTurns:
    def test_are_taken_by_all_batches(self, owner: Person, outsider: Person, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(run_batch, "ACTIONS_PER_TURN", 1)
        order(owner, "suspend", make_licenses(owner, 3))
        order(outsider, "suspend", make_licenses(outsider, 2))
        run()
        suspended = Event.objects.filter(type="license.suspended").order_by("at")
        expected = [person.organization.pk for person in (owner, outsider, owner, outsider, owner)]
        assert list(suspended.values_list("organization_id", flat=True)) == expected

    def test_begin_with_who_waited_longest(self, owner: Person, outsider: Person) -> None:
        large, small = order(owner, "suspend", make_licenses(owner, 30)), order(outsider, "validate", ids=[NOBODYS])
        take_turn(large, clock=timezone.now)
        assert list(Batch.objects.unfinished()) == [small, large]

    def test_end_with_the_time(self, owner: Person) -> None:
        batch = order(owner, "validate", ids=[NOBODYS])
        clock = iter([timezone.now(), timezone.now() + timedelta(seconds=settings.BATCH_SECONDS)])
        run_batches(clock=lambda: next(clock))
        assert counts(batch) == ("queued", 0, 0)


@pytest.mark.django_db(transaction=True)
class TestWorkersAtOnce:
    def test_do_each_item_once(self) -> None:
        owner = make_person()
        licenses = make_licenses(owner, 30)
        suspension, validation = order(owner, "suspend", licenses), order(owner, "validate", licenses)
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(in_thread, [run] * 3))
        assert (counts(suspension), counts(validation)) == (("completed", 30, 0), ("completed", 30, 0))
        assert [happened("license.suspended", [license]) for license in licenses] == [1] * 30
        assert happened("batch.completed", [suspension, validation]) == 2

    def test_leave_alone_what_another_has_in_hand(self) -> None:
        owner = make_person()
        licenses = make_licenses(owner, 3)
        batch = order(owner, "suspend", licenses)
        with in_hand_elsewhere(batch):
            run()
            assert (counts(batch), outcomes(batch)) == (("running", 2, 0), [PENDING, SUCCEEDED, SUCCEEDED])
        run()
        assert counts(batch) == ("completed", 3, 0)
        assert [happened("license.suspended", [license]) for license in licenses] == [1] * 3

    def test_are_waited_for_by_who_cancels(self) -> None:
        owner = make_person()
        batch = order(owner, "suspend", make_licenses(owner, 3))
        with in_hand_elsewhere(batch) as may_die, ThreadPoolExecutor(1) as pool:
            canceling = pool.submit(in_thread, lambda: cancel(batch))
            wait_for_a_lock()
            may_die.set()
            assert canceling.result().status == "canceled"
        assert outcomes(batch) == [CANCELED] * 3


@pytest.mark.django_db(transaction=True)
class TestOrdersAtOnce:
    def test_count_each_other(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(batches, "MAX_UNFINISHED", 1)
        owner = make_person()
        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                order(owner, "validate", ids=[NOBODYS])
                second = pool.submit(in_thread, lambda: order(owner, "validate", ids=[NOBODYS]))
                wait_for_a_lock()
            with pytest.raises(TooManyBatches):
                second.result()

    def test_tell_the_worker_no_more_than_that_there_is_work(self, monkeypatch: pytest.MonkeyPatch) -> None:
        told = Queue[tuple[str, dict[str, str]]]()
        monkeypatch.setattr(jobs.messenger, "tell", lambda name, ids: told.put((name, ids)))
        order(make_person(), "validate", keys=["PROD-2025-ABCD-1234"])
        found = [told.get_nowait() for _ in range(told.qsize())]
        assert ("licenses.run_batches", {}) in found
        assert "ABCD" not in str(found)


class TestTasks:
    def test_run_and_forget_batches(self, owner: Person) -> None:
        batch = order(owner, "validate", ids=[NOBODYS])
        celery.loader.import_default_modules()
        celery.tasks["licenses.run_batches"].apply(throw=True)
        assert counts(batch) == ("completed", 0, 1)
        Batch.objects.update(finished_at=timezone.now() - 2 * KEPT)
        celery.tasks["licenses.prune_batches"].apply(throw=True)
        assert not Batch.objects.exists()


class TestCrash:
    def test_between_deed_and_note_undoes_both(self, owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
        licenses = make_licenses(owner, 2)
        batch = order(owner, "suspend", licenses)

        def die(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as dying:
            dying.setattr(run_batch, "settle_items", die)
            with pytest.raises(KeyboardInterrupt):
                run()
        assert (statuses(licenses), outcomes(batch)) == (["active", "active"], [PENDING, PENDING])
        run()
        assert [happened("license.suspended", [license]) for license in licenses] == [1, 1]


@pytest.mark.django_db(transaction=True)
class TestKilledWorker:
    def test_leaves_nothing_half_done(self) -> None:
        owner = make_person()
        licenses = make_licenses(owner, 3)
        batch = order(owner, "suspend", licenses)
        with transaction.atomic():
            # It comes as far as the second license, which is ours.
            License.objects.filter(pk=licenses[1].pk).locked().get()
            with worker() as process:
                wait_for_a_lock()
                process.kill()
            assert process.returncode == -signal.SIGKILL
        assert (counts(batch), outcomes(batch)) == (("running", 1, 0), [SUCCEEDED, PENDING, PENDING])
        assert statuses(licenses) == ["suspended", "active", "active"]
        run()
        assert counts(batch) == ("completed", 3, 0)
        assert [happened("license.suspended", [license]) for license in licenses] == [1] * 3
