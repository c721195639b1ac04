"""What Celery does for webhooks: Stripe's events in the worker, those of customers in the deliverer."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from celery import shared_task
from django.db import connection
from django.utils import timezone

from webhooks.services.deliver import deliver_lane, deliver_one
from webhooks.services.dispatch import dispatch_events
from webhooks.services.forget import forget_deleted_endpoints, forget_previous_secrets
from webhooks.services.handle import handle_events
from webhooks.services.inbox import prune_events
from webhooks.services.lanes import hand_out
from webhooks.services.log import prune_deliveries


@shared_task(name="webhooks.handle_stripe_events")
def handle_stripe_events() -> None:
    """Handle what came in from Stripe, for some seconds."""
    handle_events(clock=timezone.now)


@shared_task(name="webhooks.prune_stripe_events")
def prune_stripe_events() -> None:
    """Forget what was dealt with long ago."""
    prune_events(now=timezone.now())


@shared_task(name="webhooks.dispatch_events")
def queue_events() -> None:
    """Queue what happened for whoever listens."""
    with _connected():
        dispatch_events(clock=timezone.now)


@shared_task(name="webhooks.deliver_due")
def deliver_due() -> None:
    """Do what no hint has led to."""
    with _connected():
        dispatch_events(clock=timezone.now)
        hand_out(now=timezone.now())


@shared_task(name="webhooks.deliver_lane")
def deliver_in_lane(endpoint_id: str, claim: str | None = None) -> None:
    """Send what waits for an endpoint, for some seconds."""
    with _connected():
        deliver_lane(endpoint_id=UUID(endpoint_id), claim=UUID(claim) if claim else None, clock=timezone.now)


@shared_task(name="webhooks.deliver_one")
def deliver_beside_lane(delivery_id: str) -> None:
    """Send what was asked for."""
    with _connected():
        deliver_one(delivery_id=UUID(delivery_id), clock=timezone.now)


@shared_task(name="webhooks.prune_deliveries")
def prune_old_deliveries() -> None:
    """Forget what was sent long ago, endpoints that were deleted, and secrets that sign no more."""
    prune_deliveries(now=timezone.now())
    forget_deleted_endpoints()
    forget_previous_secrets(now=timezone.now())


@contextmanager
def _connected() -> Iterator[None]:
    """The deliverer has many threads, most of them idle: none keeps its connection to the database meanwhile."""
    try:
        yield
    finally:
        if not connection.in_atomic_block:
            connection.close()
