"""What Celery does for subscriptions."""

from celery import shared_task
from django.utils import timezone

from subscriptions.services.reconcile import look_after_customers


@shared_task(name="subscriptions.look_after_customers")
def look_after() -> None:
    """Ask Stripe where a renewal is late, or the days of grace run."""
    look_after_customers(clock=timezone.now)
