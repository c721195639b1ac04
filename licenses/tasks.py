"""What Celery does for licensing."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from licenses.services.expire import sweep_sessions
from licenses.services.verify import verify_seats

VERIFIED = timedelta(days=1)


@shared_task(name="licenses.expire_sessions")
def expire_sessions() -> None:
    """End dead seat sessions and save the deadlines of live ones."""
    sweep_sessions()


@shared_task(name="licenses.verify_seats")
def verify_recent_seats() -> None:
    """Prove that no seat was sold twice since yesterday; readiness tells the result."""
    verify_seats(since=timezone.now() - VERIFIED)
