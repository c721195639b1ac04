"""Stripe is asked to change a subscription, and what it says afterwards is written: the one way to do so."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from subscriptions import stripe
from subscriptions.facts import SubscriptionFacts
from subscriptions.models import Intent, Subscription
from subscriptions.services.find import find_subscription
from subscriptions.services.intents import begin_intent, carry_out
from subscriptions.services.sync import sync_customer

Ask = Callable[[Mapping[str, Any], str], SubscriptionFacts]


def update(asked: Mapping[str, Any], key: str) -> SubscriptionFacts:
    """Give a subscription other values."""
    return stripe.update_subscription(asked["subscription"], asked["params"], key=key)


def cancel(asked: Mapping[str, Any], key: str) -> SubscriptionFacts:
    """End a subscription now."""
    return stripe.cancel_subscription(asked["subscription"], key=key)


def resume(asked: Mapping[str, Any], key: str) -> SubscriptionFacts:
    """Take up a paused subscription."""
    return stripe.resume_subscription(asked["subscription"], key=key)


def modify_subscription(
    subscription: Subscription, ask: Ask, params: Mapping[str, Any], *, kind: Intent.Kind, now: datetime
) -> Subscription:
    """Ask Stripe under an intent of this kind, and return the subscription as it is then.

    Raises PaymentDeclined, StripeUnavailable, StripeRefused.
    """
    organization = subscription.organization
    about = {"subscription": subscription.stripe_subscription_id, "params": dict(params)}
    intent = begin_intent(organization=organization, kind=kind, request=about, now=now)
    carry_out(intent, ask, now=now)
    sync_customer(organization=organization, now=now)
    return find_subscription(organization=organization, subscription_id=subscription.pk)
