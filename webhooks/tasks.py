"""What Celery does for webhooks."""

from celery import shared_task
from django.utils import timezone

from webhooks.services.handle import handle_events
from webhooks.services.inbox import prune_events


@shared_task(name="webhooks.handle_stripe_events")
def handle_stripe_events() -> None:
    """Handle what came in from Stripe, for some seconds."""
    handle_events(clock=timezone.now)


@shared_task(name="webhooks.prune_stripe_events")
def prune_stripe_events() -> None:
    """Forget what was dealt with long ago."""
    prune_events(now=timezone.now())
