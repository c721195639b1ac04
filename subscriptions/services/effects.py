"""Facts are recorded once, named by what they mean."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models

from coditect.journal.catalogue import moment, moment_or_none
from coditect.journal.services import record_event
from subscriptions.events import SubscriptionData
from subscriptions.models import Effect, Subscription


def is_first(key: str, *, now: datetime) -> bool:
    """Take a key; whoever gets it brings its effect about, in the same transaction. Needs the customer's lock."""
    _, is_new = Effect.objects.get_or_create(key=key, defaults={"at": now})
    return is_new


def has_happened(key: str) -> bool:
    """Whether somebody has brought this about."""
    return Effect.objects.filter(key=key).exists()


def record_once(
    key: str, event_type: str, subject: models.Model, *, at: datetime, organization_id: UUID, data: Mapping[str, Any]
) -> None:
    """Record an event under its type and a key that says which of its kind it is; a second time it is none."""
    if is_first(f"{event_type}:{key}", now=at):
        record_event(event_type, subject, at=at, organization_id=organization_id, data=data)


def describe(subscription: Subscription) -> SubscriptionData:
    """What an event tells of a subscription."""
    return {
        "subscription_id": str(subscription.pk),
        "plan": subscription.price.plan_id,
        "tier": subscription.price.plan.tier,
        "price_id": subscription.price_id,
        "status": subscription.status,
        "seats": subscription.seats,
        "current_period_start": moment(subscription.current_period_start),
        "current_period_end": moment(subscription.current_period_end),
        "cancel_at_period_end": subscription.is_ending and not subscription.has_ended,
        "trial_end": moment_or_none(subscription.trial_end),
        "license_id": str(subscription.license_id) if subscription.license_id else None,
    }
