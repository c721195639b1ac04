"""What Stripe says of an organization is written down here; nothing else changes a subscription's row."""

from datetime import datetime

from django.db import transaction

from accounts.models import Organization
from accounts.services.organizations import lock_organization
from coditect.errors import Conflict
from subscriptions import stripe
from subscriptions.facts import SubscriptionFacts
from subscriptions.models import Plan, Price, StripeCustomer, Subscription


class PriceUnknown(Conflict):
    """A subscription has a price that no row of ours names. Add the price, then try again."""

    code = "price_unknown"
    message = "The subscription has a price that is not known here."


def sync_customer(*, organization: Organization, now: datetime) -> None:
    """Read an organization's subscriptions from Stripe, and write what it says.

    Raises StripeUnavailable, PriceUnknown.
    """
    customer = StripeCustomer.objects.for_organization(organization).first()
    if customer is None:
        return
    with transaction.atomic():
        lock_organization(organization.pk)
        for facts in reversed(stripe.list_subscriptions(customer.stripe_customer_id)):
            _write(organization, facts, now=now)
        _show_plan(organization)


def _write(organization: Organization, facts: SubscriptionFacts, *, now: datetime) -> None:
    price = Price.objects.filter(stripe_price_id=facts.price_id).first()
    if price is None:
        raise PriceUnknown(price_id=facts.price_id)
    Subscription.objects.for_organization(organization).update_or_create(
        stripe_subscription_id=facts.id,
        defaults={
            "organization": organization,
            "price": price,
            "stripe_item_id": facts.item_id,
            "status": facts.status,
            "seats": facts.quantity,
            "current_period_start": facts.period_start,
            "current_period_end": facts.period_end,
            "cancel_at_period_end": facts.cancel_at_period_end,
            "cancel_at": facts.cancel_at,
            "canceled_at": facts.canceled_at,
            "ended_at": facts.ended_at,
            "trial_end": facts.trial_end,
            "created_at": facts.created_at,
            "synced_at": now,
        },
    )


def _show_plan(organization: Organization) -> None:
    """Write the plan downwards, to where organizations are shown."""
    live = Subscription.objects.for_organization(organization).live().select_related("price").first()
    organization.plan = live.price.plan_id if live else Plan.FREE
    organization.save(update_fields=["plan"])
