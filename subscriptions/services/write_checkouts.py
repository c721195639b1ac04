"""What Stripe says of checkout sessions is written down."""

from datetime import datetime

from accounts.models import Organization
from subscriptions.events import CheckoutData
from subscriptions.facts import CheckoutFacts
from subscriptions.models import Checkout
from subscriptions.services.effects import record_once

ENDS = {"complete": "checkout.completed", "expired": "checkout.expired"}


def write_checkout(organization: Organization, said: CheckoutFacts, *, now: datetime) -> None:
    """Write how a checkout ended, and tell of it; one that was given up for another stays so, unless it was paid."""
    checkout = Checkout.objects.for_organization(organization).filter(stripe_session_id=said.id).first()
    if checkout is None or said.status not in ENDS:
        return
    if said.status == "complete":
        checkout.status, checkout.completed_at = Checkout.Status.COMPLETE, checkout.completed_at or now
    elif checkout.status != Checkout.Status.ABANDONED:
        checkout.status = Checkout.Status.EXPIRED
    checkout.save(update_fields=["status", "completed_at"])
    record_once(
        said.id,
        ENDS[said.status],
        checkout,
        at=now,
        organization_id=organization.pk,
        data=_describe(checkout, said),
    )


def _describe(checkout: Checkout, said: CheckoutFacts) -> CheckoutData:
    return {
        "checkout_id": str(checkout.pk),
        "session_id": said.id,
        "price_id": checkout.price_id,
        "seats": checkout.seats,
    }
