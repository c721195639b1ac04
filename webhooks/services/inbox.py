"""Stripe's events are taken in: stored, and nothing else, so that Stripe hears at once that we have them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from coditect.errors import NotFound
from coditect.jobs import enqueue
from webhooks.models import StripeEvent

HANDLE_TASK = "webhooks.handle_stripe_events"
KEPT = timedelta(days=90)
# Whatever else Stripe tells is answered, and forgotten.
HEARD = frozenset(
    {
        "checkout.session.completed",
        "checkout.session.expired",
        "customer.subscription.created",
        "customer.subscription.deleted",
        "customer.subscription.paused",
        "customer.subscription.resumed",
        "customer.subscription.trial_will_end",
        "customer.subscription.updated",
        "invoice.paid",
        "invoice.payment_failed",
        "invoice.payment_succeeded",
    }
)


class StripeNotConnected(NotFound):
    """This server has no secret by which it could tell Stripe's events from anybody's."""

    message = "This server takes no events from Stripe."


@dataclass(frozen=True, kw_only=True)
class IncomingEvent:
    """An event, read; ids are Stripe's."""

    id: str
    type: str
    occurred_at: datetime
    customer_id: str
    object_id: str
    facts: Mapping[str, str | int] = field(default_factory=dict)


@transaction.atomic
def receive_event(event: IncomingEvent, *, now: datetime) -> bool:
    """Store an event for the worker, unless it is there already or none that we listen to; return whether we did."""
    if event.type not in HEARD:
        return False
    row = StripeEvent(
        id=event.id,
        type=event.type,
        occurred_at=event.occurred_at,
        customer_id=event.customer_id,
        object_id=event.object_id,
        facts=dict(event.facts),
        received_at=now,
        next_attempt_at=now,
    )
    is_known = StripeEvent.objects.filter(pk=event.id).exists()
    if not is_known:
        # Two deliveries at once: the second one stores nothing.
        StripeEvent.objects.bulk_create([row], ignore_conflicts=True)
        enqueue(HANDLE_TASK)
    return not is_known


def prune_events(*, now: datetime) -> None:
    """Forget events that were dealt with long ago; failed ones stay until somebody has seen to them."""
    StripeEvent.objects.filter(status=StripeEvent.Status.DONE, received_at__lt=now - KEPT).delete()
