"""Hints to the worker: `enqueue("journal.send_mails")` says that there is work, by the task's name.

The work itself lies in the database, where the beat finds it too. So a hint may be lost, and a request never waits
for the broker: a daemon thread talks to it, from a bounded queue that drops what does not fit.
"""

import logging
import os
import queue
import threading
from functools import partial
from uuid import UUID

from celery import Celery
from django.db import transaction

logger = logging.getLogger(__name__)
CAPACITY = 1000
EXPIRES_SECONDS = 60

Hint = tuple[str, dict[str, str]]


class Messenger:
    """Passes hints on to the broker, in a thread that starts with the first of them."""

    def __init__(self, *, app: Celery | None = None, capacity: int = CAPACITY) -> None:
        self._app = app
        self._hints: queue.Queue[Hint] = queue.Queue(capacity)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def tell(self, name: str, ids: dict[str, str]) -> None:
        """Pass a hint on, soon; drop it where too many wait already. Never blocks, never raises."""
        try:
            self._hints.put_nowait((name, ids))
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

    def _run(self) -> None:
        while True:
            hint = self._hints.get()
            try:
                self._pass_on(*hint)
            finally:
                self._hints.task_done()

    def _pass_on(self, name: str, ids: dict[str, str]) -> None:
        try:
            self._celery().send_task(name, kwargs=ids, retry=False, expires=EXPIRES_SECONDS)
        except Exception as error:  # noqa: BLE001 (whatever the broker's client raises, the next hint is due)
            logger.warning("lost a hint to run %s: %s", name, type(error).__name__)

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
