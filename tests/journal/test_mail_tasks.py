"""The worker's part in mails: its tasks, and what the beat asks for."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.models import LogInCode, OneTimeToken
from accounts.services.one_time_codes import mint_code
from accounts.services.one_time_tokens import Purpose, mint_token
from coditect.celery import app
from coditect.journal.mails import KEPT
from coditect.journal.models import Mail
from tests.dialects import Api
from tests.factories import make_user


def run(name: str) -> None:
    """Run a task by its name, as the worker would."""
    app.loader.import_default_modules()
    app.tasks[name].apply(throw=True)


class TestBeat:
    @pytest.mark.parametrize("entry", sorted(settings.CELERY_BEAT_SCHEDULE))
    def test_asks_for_tasks_that_the_worker_knows(self, entry: str) -> None:
        app.loader.import_default_modules()
        assert settings.CELERY_BEAT_SCHEDULE[entry]["task"] in app.tasks


@pytest.mark.django_db
class TestTasks:
    def test_send_what_is_queued(self) -> None:
        make_user("ada@example.com")
        Api("flat").post("forgot-password", {"email": "ada@example.com"})
        run("journal.send_mails")
        assert Mail.objects.get().status == "sent"

    def test_forget_old_mails(self) -> None:
        long_ago = timezone.now() - KEPT - timedelta(days=1)
        Mail.objects.create(template="x", to="ada@example.com", created_at=long_ago, next_attempt_at=long_ago)
        run("journal.prune_mails")
        assert not Mail.objects.exists()

    def test_forget_secrets_that_have_run_out(self) -> None:
        now = timezone.now()
        user = make_user("ada@example.com")
        for age in (timedelta(days=60), timedelta()):
            mint_token(user=user, purpose=Purpose.VERIFY_EMAIL, email=user.email, now=now - age)
            mint_code(email=user.email, now=now - age)
        run("accounts.forget_secrets")
        assert [row.created_at for row in OneTimeToken.objects.all()] == [now]
        assert [row.created_at for row in LogInCode.objects.all()] == [now]
