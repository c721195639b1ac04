"""The worker's sign of life."""

from datetime import timedelta

import pytest
from celery import current_app
from celery.signals import worker_ready
from django.conf import settings
from django.db import connection
from django.utils import timezone

from coditect.celery import app
from health import tasks
from health.models import WorkerNote
from health.services import WORKER_SILENCE, note_worker


@pytest.mark.django_db
class TestWorkerNote:
    def test_is_written_by_the_task(self) -> None:
        before = timezone.now()
        tasks.record_worker()
        assert before <= WorkerNote.objects.get().seen_at <= timezone.now()

    def test_of_the_deliverer_is_another(self) -> None:
        early = timezone.now() - timedelta(hours=1)
        note_worker(now=early)
        tasks.record_deliverer()
        assert WorkerNote.objects.get(pk=1).seen_at == early
        assert WorkerNote.objects.get(pk=2).seen_at > early

    def test_stays_one_row(self) -> None:
        early = timezone.now() - timedelta(hours=1)
        note_worker(now=early)
        tasks.record_worker()
        assert WorkerNote.objects.get().seen_at > early

    def test_is_written_when_a_worker_starts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # The connection belongs to the test here, not to a worker that is about to fork.
        monkeypatch.setattr(connection, "close", lambda: None)
        worker_ready.send(sender=None)
        assert WorkerNote.objects.get().pk == 1
        with monkeypatch.context() as delivering:
            delivering.setattr(current_app.amqp.queues, "_consume_from", {settings.DELIVERY_QUEUE: None})
            worker_ready.send(sender=None)
        assert set(WorkerNote.objects.values_list("pk", flat=True)) == {1, 2}


class TestSchedule:
    def test_names_tasks_that_exist(self) -> None:
        app.loader.import_default_modules()
        assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(app.tasks)

    def test_asks_often_enough_to_be_believed(self) -> None:
        seconds = settings.CELERY_BEAT_SCHEDULE["worker-heartbeat"]["schedule"]
        assert isinstance(seconds, int)
        assert seconds * 3 < WORKER_SILENCE.total_seconds()
