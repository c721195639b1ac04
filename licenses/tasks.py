"""What Celery does for licensing."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from licenses.services.batches import prune_batches
from licenses.services.expire import sweep_sessions
from licenses.services.expiry_notices import send_expiry_notices
from licenses.services.rollup import roll_up_usage
from licenses.services.run_batch import run_batches
from licenses.services.verify import verify_seats

VERIFIED = timedelta(days=1)


@shared_task(name="licenses.expire_sessions")
def expire_sessions() -> None:
    """End dead seat sessions and save the deadlines of live ones."""
    sweep_sessions()


@shared_task(name="licenses.send_expiry_notices")
def tell_of_expiries() -> None:
    """Tell whom it concerns that a license ends, or has ended."""
    send_expiry_notices(now=timezone.now())


@shared_task(name="licenses.verify_seats")
def verify_recent_seats() -> None:
    """Prove that no seat was sold twice since yesterday; readiness tells the result."""
    verify_seats(since=timezone.now() - VERIFIED)


@shared_task(name="licenses.run_batches")
def run_unfinished_batches() -> None:
    """Do what batches ask for, for some seconds."""
    run_batches(clock=timezone.now)


@shared_task(name="licenses.prune_batches")
def prune_old_batches() -> None:
    """Forget batches that finished long ago."""
    prune_batches(now=timezone.now())


@shared_task(name="licenses.roll_up_usage")
def roll_up_past_usage() -> None:
    """Roll up the hours that are over."""
    roll_up_usage(now=timezone.now())
