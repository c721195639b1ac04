"""A subscription is canceled, at the end of what is paid or at once; and taken up again while something is left."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import Organization
from coditect.errors import Conflict
from subscriptions import stripe
from subscriptions.facts import SubscriptionFacts
from subscriptions.models import Intent, Subscription
from subscriptions.services.find import find_subscription
from subscriptions.services.intents import begin_intent, carry_out
from subscriptions.services.sync import sync_customer


class SubscriptionEnded(Conflict):
    """It has ended; nothing brings it back."""

    code = "subscription_ended"
    message = "The subscription has ended. Open a checkout to begin another one."


def cancel_subscription(
    *, organization: Organization, now: datetime, immediately: bool = False, subscription_id: UUID | None = None
) -> Subscription:
    """Let a subscription end with the period that is paid, or end it now. Twice is the same as once.

    Raises SubscriptionNotFound, StripeUnavailable, StripeRefused.
    """
    subscription = _fresh(organization, subscription_id, now=now)
    if subscription.has_ended or (subscription.is_ending and not immediately):
        return subscription
    params = {} if immediately else {"cancel_at_period_end": True}
    return _ask(subscription, Intent.Kind.CANCEL, params, now=now)


def resume_subscription(*, organization: Organization, now: datetime) -> Subscription:
    """Take a cancellation back, or take up what is paused. What runs anyway is left alone.

    Raises SubscriptionNotFound, SubscriptionEnded, PaymentDeclined, StripeUnavailable, StripeRefused.
    """
    subscription = _fresh(organization, None, now=now)
    if subscription.has_ended:
        raise SubscriptionEnded
    if subscription.status == Subscription.Status.PAUSED:
        return _ask(subscription, Intent.Kind.RESUME, {}, now=now)
    if subscription.cancel_at_period_end:
        return _ask(subscription, Intent.Kind.RESUME, {"cancel_at_period_end": False}, now=now)
    if subscription.cancel_at is not None:
        return _ask(subscription, Intent.Kind.RESUME, {"cancel_at": ""}, now=now)
    return subscription


def _fresh(organization: Organization, subscription_id: UUID | None, *, now: datetime) -> Subscription:
    """The subscription as Stripe has it. Raises SubscriptionNotFound."""
    sync_customer(organization=organization, now=now)
    return find_subscription(organization=organization, subscription_id=subscription_id)


def _ask(subscription: Subscription, kind: Intent.Kind, params: Mapping[str, Any], *, now: datetime) -> Subscription:
    organization = subscription.organization
    about = {"subscription": subscription.stripe_subscription_id, "params": dict(params)}
    intent = begin_intent(organization=organization, kind=kind, request=about, now=now)
    carry_out(intent, _update if params else _METHODS[kind], now=now)
    sync_customer(organization=organization, now=now)
    return find_subscription(organization=organization, subscription_id=subscription.pk)


def _update(asked: Mapping[str, Any], key: str) -> SubscriptionFacts:
    return stripe.update_subscription(asked["subscription"], asked["params"], key=key)


# Those that take no parameters have a request of their own.
_METHODS = {
    Intent.Kind.CANCEL: lambda asked, key: stripe.cancel_subscription(asked["subscription"], key=key),
    Intent.Kind.RESUME: lambda asked, key: stripe.resume_subscription(asked["subscription"], key=key),
}
