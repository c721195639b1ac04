"""Subscriptions, checkouts and invoices as they are shown."""

from collections.abc import Sequence
from typing import Any

from subscriptions.models import Checkout, Invoice, Plan, Subscription
from subscriptions.services.find import CurrentPlan


def present_subscription(subscription: Subscription) -> dict[str, Any]:
    """A subscription; what ends at another time than its period's end is shown as ending, too."""
    plan = subscription.price.plan
    return {
        "id": subscription.pk,
        "plan": plan.pk,
        "tier": plan.tier,
        "status": subscription.status,
        "seats": subscription.seats,
        "price_id": subscription.price_id,
        "current_period_start": subscription.current_period_start,
        "current_period_end": subscription.current_period_end,
        "cancel_at_period_end": subscription.is_ending and not subscription.has_ended,
        "trial_end": subscription.trial_end,
        "license_id": subscription.license_id,
    }


def present_subscriptions(subscriptions: Sequence[Subscription]) -> list[dict[str, Any]]:
    """A page of subscriptions."""
    return [present_subscription(subscription) for subscription in subscriptions]


def present_current(current: CurrentPlan) -> dict[str, Any]:
    """What an organization has."""
    if current.subscription is not None:
        return present_subscription(current.subscription)
    plan, license = current.plan, current.license
    return {
        "id": None,
        "plan": Plan.FREE,
        "tier": plan.tier if plan else Plan.FREE,
        "status": Subscription.Status.ACTIVE,
        "seats": license.max_seats if license else 0,
        "price_id": None,
        "current_period_start": None,
        "current_period_end": None,
        "cancel_at_period_end": False,
        "trial_end": None,
        "license_id": license.pk if license else None,
    }


def present_checkout(checkout: Checkout) -> dict[str, Any]:
    """An open checkout."""
    return {"session_id": checkout.stripe_session_id, "checkout_url": checkout.url}


def present_invoices(invoices: Sequence[Invoice]) -> list[dict[str, Any]]:
    """A page of invoices."""
    return [_present_invoice(invoice) for invoice in invoices]


def _present_invoice(invoice: Invoice) -> dict[str, Any]:
    return {
        "id": invoice.pk,
        "number": invoice.number or None,
        "subscription_id": invoice.subscription_id,
        "status": invoice.status,
        "currency": invoice.currency,
        "total": invoice.total,
        "amount_due": invoice.amount_due,
        "amount_paid": invoice.amount_paid,
        "period_start": invoice.period_start,
        "period_end": invoice.period_end,
        "hosted_invoice_url": invoice.hosted_url or None,
        "invoice_pdf": invoice.pdf_url or None,
        "created_at": invoice.created_at,
        "paid_at": invoice.paid_at,
    }
