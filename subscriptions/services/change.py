"""A subscription's seats or price change: more is charged at once, less is credited to what comes next.

Stripe is asked before and after: before, since the portal may have changed what our row says; after, since only what
Stripe says is written. Seats in use keep what they were promised, whatever the number is from now on.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts.models import Organization
from coditect.errors import Conflict
from subscriptions.models import Intent, Subscription
from subscriptions.services import modify
from subscriptions.services.checkout import offered_price
from subscriptions.services.find import SubscriptionNotFound, find_subscription
from subscriptions.services.modify import modify_subscription
from subscriptions.services.sync import sync_customer


class SubscriptionNotPaid(Conflict):
    """It is behind with its payments, or paused. The details give its `status`."""

    code = "subscription_not_paid"
    message = "The subscription is not paid at present. Pay what is due, or resume it, before changing it."


def change_seat_count(*, organization: Organization, seats: int, now: datetime) -> Subscription:
    """Pay for more or fewer seats from now on. What is so already is left alone.

    Raises SubscriptionNotFound, SubscriptionNotPaid, InvalidInput for a number that the plan does not come in,
    PaymentDeclined, StripeUnavailable, StripeRefused.
    """
    subscription = _changeable(organization, now=now)
    price = subscription.price
    if not price.plan.takes(seats):
        offered_price(price.pk, seats=seats)
    if subscription.seats == seats:
        return subscription
    item = {"id": subscription.stripe_item_id, "quantity": seats}
    is_more = seats > subscription.seats
    return _change(subscription, item, is_charged=is_more, now=now)


def change_plan(*, organization: Organization, price_id: str, now: datetime) -> Subscription:
    """Go over to another price, of the same plan or another; what was paid for the rest of the period is credited.

    Raises SubscriptionNotFound, SubscriptionNotPaid, InvalidInput for a price that is not offered or a plan that does
    not come in the present number of seats, PaymentDeclined, StripeUnavailable, StripeRefused.
    """
    subscription = _changeable(organization, now=now)
    if subscription.price_id == price_id:
        return subscription
    price = offered_price(price_id, seats=subscription.seats, field="price_id")
    item = {"id": subscription.stripe_item_id, "price": price.stripe_price_id}
    return _change(subscription, item, is_charged=True, now=now)


def _changeable(organization: Organization, *, now: datetime) -> Subscription:
    """The live subscription as Stripe has it, if it is paid. Raises SubscriptionNotFound, SubscriptionNotPaid."""
    sync_customer(organization=organization, now=now)
    subscription = find_subscription(organization=organization)
    if subscription.has_ended:
        raise SubscriptionNotFound
    if not subscription.is_paid:
        raise SubscriptionNotPaid(status=subscription.status)
    return subscription


def _change(subscription: Subscription, item: Mapping[str, Any], *, is_charged: bool, now: datetime) -> Subscription:
    """Have Stripe change the item. Where the difference cannot be charged, nothing is changed."""
    params = {
        "items": [dict(item)],
        "proration_behavior": "always_invoice" if is_charged else "create_prorations",
        "payment_behavior": "error_if_incomplete",
    }
    return modify_subscription(subscription, modify.update, params, kind=Intent.Kind.CHANGE, now=now)
