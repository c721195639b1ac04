"""What Celery does for the journal."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from coditect.journal.audit import prune_events
from coditect.journal.idempotency import prune_answers
from coditect.journal.mails import prune_mails, send_due_mails
from coditect.journal.windows import prune_windows


@shared_task(name="journal.send_mails")
def send_mails() -> None:
    """Send what is due."""
    send_due_mails(clock=timezone.now)


@shared_task(name="journal.prune_mails")
def prune_old_mails() -> None:
    """Forget what was sent long ago."""
    prune_mails(now=timezone.now())


@shared_task(name="journal.prune_events")
def prune_old_events() -> None:
    """Forget what happened longer ago than the audit is kept."""
    prune_events(now=timezone.now(), days=settings.AUDIT_RETENTION_DAYS)


@shared_task(name="journal.prune_answers")
def prune_old_answers() -> None:
    """Forget answers that are kept for a day, and windows of limits that are over."""
    now = timezone.now()
    prune_answers(now=now)
    prune_windows(now=now)
