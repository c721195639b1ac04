"""A subscription is canceled, at the end of what is paid or at once; and taken up again while something is left."""

from datetime import datetime
from uuid import UUID

from accounts.models import Organization
from coditect.errors import Conflict
from subscriptions.models import Intent, Subscription
from subscriptions.services import modify
from subscriptions.services.find import find_subscription
from subscriptions.services.modify import modify_subscription
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
    ask, params = (modify.cancel, {}) if immediately else (modify.update, {"cancel_at_period_end": True})
    return modify_subscription(subscription, ask, params, kind=Intent.Kind.CANCEL, now=now)


def resume_subscription(*, organization: Organization, now: datetime) -> Subscription:
    """Take a cancellation back, or take up what is paused. What runs anyway is left alone.

    Raises SubscriptionNotFound, SubscriptionEnded, PaymentDeclined, StripeUnavailable, StripeRefused.
    """
    subscription = _fresh(organization, None, now=now)
    if subscription.has_ended:
        raise SubscriptionEnded
    if subscription.status == Subscription.Status.PAUSED:
        return modify_subscription(subscription, modify.resume, {}, kind=Intent.Kind.RESUME, now=now)
    if not subscription.is_ending:
        return subscription
    params = {"cancel_at_period_end": False} if subscription.cancel_at_period_end else {"cancel_at": ""}
    return modify_subscription(subscription, modify.update, params, kind=Intent.Kind.RESUME, now=now)


def _fresh(organization: Organization, subscription_id: UUID | None, *, now: datetime) -> Subscription:
    """The subscription as Stripe has it. Raises SubscriptionNotFound."""
    sync_customer(organization=organization, now=now)
    return find_subscription(organization=organization, subscription_id=subscription_id)
