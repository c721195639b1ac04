"""The workers' signs of life."""

from typing import Any

from celery import current_app, shared_task
from celery.signals import worker_ready
from django.conf import settings
from django.db import connection
from django.utils import timezone

from health.services import note_worker


@shared_task(name="health.record_worker")
def record_worker() -> None:
    """Asked for by the beat every 10 s: proves that beat, broker and worker work together."""
    note_worker(now=timezone.now())


@shared_task(name="health.record_deliverer")
def record_deliverer() -> None:
    """The same of the process that delivers webhooks."""
    note_worker(name="deliverer", now=timezone.now())


def connect() -> None:
    """Note them at their start as well."""
    worker_ready.connect(_note_start, dispatch_uid="health.worker_ready")


def _note_start(**_: Any) -> None:
    is_deliverer = settings.DELIVERY_QUEUE in current_app.amqp.queues.consume_from
    note_worker(name="deliverer" if is_deliverer else "worker", now=timezone.now())
    connection.close()
