"""The worker's sign of life."""

from typing import Any

from celery import shared_task
from celery.signals import worker_ready
from django.db import connection
from django.utils import timezone

from health.services import note_worker


@shared_task(name="health.record_worker")
def record_worker() -> None:
    """Asked for by the beat every 10 s: proves that beat, broker and worker work together."""
    note_worker(now=timezone.now())


def connect() -> None:
    """Note the worker at its start as well."""
    worker_ready.connect(_note_start, dispatch_uid="health.worker_ready")


def _note_start(**_: Any) -> None:
    note_worker(now=timezone.now())
    connection.close()
