"""Checkouts of organizations that are gone are closed, so that nobody pays for what nobody gets."""

import logging
from datetime import datetime

from accounts.models import Organization
from subscriptions import stripe
from subscriptions.models import Checkout
from subscriptions.services.sync import sync_customer

logger = logging.getLogger(__name__)
PER_RUN = 50


def close_checkouts(*, now: datetime) -> int:
    """Close them at Stripe, and return how many there were. Raises StripeUnavailable: the next run goes on."""
    gone = Organization.Status.DELETED
    # tenancy: the worker tidies up after every organization that was deleted
    left = Checkout.objects.under_way().filter(organization__status=gone).select_related("organization")[:PER_RUN]
    for checkout in left:
        _close(checkout, now=now)
    return len(left)


def _close(checkout: Checkout, *, now: datetime) -> None:
    """One that was paid in the last moment is written down as that; staff must give the money back."""
    status = Checkout.Status.ABANDONED
    if checkout.stripe_session_id is not None:
        try:
            stripe.expire_checkout(checkout.stripe_session_id)
        except stripe.StripeKnowsNone:
            pass
        except stripe.StripeRefused:
            logger.warning("checkout %s of a deleted organization was paid, or has run out", checkout.pk)
            sync_customer(organization=checkout.organization, now=now)
        status = Checkout.Status.EXPIRED
    Checkout.objects.filter(pk=checkout.pk).under_way().update(status=status)
