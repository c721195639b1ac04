"""Hints to the worker: `enqueue("journal.send_mails")` says that there is work, by the task's name.

The work itself lies in the database, where the beat finds it too. So a hint may be lost, and a request never waits
for the broker: a daemon thread talks to it, from a bounded queue that drops what does not fit.

What happens a thousand times a second is hinted at five times: a hint speaks for all that is done before it arrives.
"""

import logging
import math
import os
import queue
import threading
import time
from functools import partial
from typing import Any, cast
from uuid import UUID

from celery import Celery
from django.db import transaction

logger = logging.getLogger(__name__)
CAPACITY = 1000
EXPIRES_SECONDS = 60
APART_SECONDS = 0.2
KINDS_REMEMBERED = 1000
# So many unread, nobody reads them: the broker's memory is for leases.
CROWD = 1000
COUNTED_SECONDS = 1.0

Hint = tuple[str, dict[str, str], float]


class Messenger:
    """Passes hints on to the broker, in a thread that starts with the first of them."""

    def __init__(self, *, app: Celery | None = None, capacity: int = CAPACITY) -> None:
        self._app = app
        self._hints: queue.Queue[Hint] = queue.Queue(capacity)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._arrives_at: dict[tuple[str, ...], float] = {}
        self._counted: dict[str, tuple[float, int]] = {}

    def tell(self, name: str, ids: dict[str, str]) -> None:
        """Pass a hint on, soon; drop it where too many wait already. Never blocks, never raises."""
        delay = self._delay((name, *ids.values()))
        if delay is None:
            return
        try:
            self._hints.put_nowait((name, ids, delay))
        except queue.Full:
            logger.warning("dropped a hint to run %s: the broker is slow or away", name)
            return
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="messenger", daemon=True)
                self._thread.start()

    def drain(self) -> None:
        """Wait until every hint so far is passed on or lost."""
        self._hints.join()

    def _delay(self, kind: tuple[str, ...]) -> float | None:
        """In how many seconds it should arrive; None where one that arrives later than now says the same."""
        now = time.monotonic()
        with self._lock:
            before = self._arrives_at.get(kind, -math.inf)
            if now < before:
                return None
            if len(self._arrives_at) >= KINDS_REMEMBERED:
                self._arrives_at.clear()
            delay = max(0.0, before + APART_SECONDS - now)
            self._arrives_at[kind] = now + delay
        return delay

    def _run(self) -> None:
        while True:
            hint = self._hints.get()
            try:
                self._pass_on(*hint)
            finally:
                self._hints.task_done()

    def _pass_on(self, name: str, ids: dict[str, str], delay: float) -> None:
        try:
            if self._is_crowded(name):
                return
            self._celery().send_task(name, kwargs=ids, retry=False, expires=EXPIRES_SECONDS, countdown=delay or None)
        except Exception as error:  # noqa: BLE001 (whatever the broker's client raises, the next hint is due)
            logger.warning("lost a hint to run %s: %s", name, type(error).__name__)

    def _is_crowded(self, name: str) -> bool:
        """Whether nobody reads the task's queue; counted once a second."""
        name = self._celery().amqp.router.route({}, name)["queue"].name
        at, count = self._counted.get(name, (-math.inf, 0))
        if time.monotonic() - at > COUNTED_SECONDS:
            pool = cast("Any", self._celery()).pool
            with pool.acquire(block=True) as connection, connection.channel() as channel:
                count = channel.client.llen(name)
            self._counted[name] = time.monotonic(), count
            if count >= CROWD:
                logger.warning("%d hints wait in the queue %s, and no more are given: is its worker away?", count, name)
        return count >= CROWD

    def _celery(self) -> Celery:
        """Ours, unless told otherwise; not at import, since it loads the settings."""
        if self._app is None:
            from coditect.celery import app  # noqa: PLC0415 (loads the settings)

            self._app = app
        return self._app


messenger = Messenger()


def enqueue(name: str, **ids: UUID) -> None:
    """Hint, once the transaction at hand commits, that the task `name` has work; `ids` become its arguments."""
    texts = {key: str(value) for key, value in ids.items()}
    transaction.on_commit(partial(_tell, name, texts))


def _tell(name: str, ids: dict[str, str]) -> None:
    messenger.tell(name, ids)


def _start_afresh() -> None:
    """After a fork: the thread stayed behind, and the queue's lock may have been held."""
    global messenger  # noqa: PLW0603 (the process has one, and the fork left it half alive)
    messenger = Messenger()


os.register_at_fork(after_in_child=_start_afresh)
