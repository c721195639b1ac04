"""What Celery does for subscriptions."""

from celery import shared_task
from django.utils import timezone

from subscriptions.services.close_checkouts import close_checkouts
from subscriptions.services.reconcile import look_after_customers


@shared_task(name="subscriptions.look_after_customers")
def look_after() -> None:
    """Ask Stripe where a renewal is late, or the days of grace run."""
    look_after_customers(clock=timezone.now)


@shared_task(name="subscriptions.close_checkouts")
def close_checkouts_of_the_deleted() -> None:
    """Let nobody pay for an organization that is gone."""
    close_checkouts(now=timezone.now())
