"""What Celery does for the journal."""

from celery import shared_task
from django.utils import timezone

from coditect.journal.mails import prune_mails, send_due_mails


@shared_task(name="journal.send_mails")
def send_mails() -> None:
    """Send what is due."""
    send_due_mails(clock=timezone.now)


@shared_task(name="journal.prune_mails")
def prune_old_mails() -> None:
    """Forget what was sent long ago."""
    prune_mails(now=timezone.now())
