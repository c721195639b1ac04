"""What we ask of Stripe is written down, committed, asked, and its outcome written: in this order, so that nothing is
done twice whatever is lost in between.

A request whose answer never came stays pending. Whoever wants the same again sends the very same, with the same key.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import transaction

from accounts.models import Organization
from accounts.services.organizations import lock_organization
from subscriptions.models import Intent
from subscriptions.stripe import StripeKnowsNone, StripeRefused, StripeUnavailable

Outcome = TypeVar("Outcome")
# Stripe remembers a key for 24 hours at least: https://docs.stripe.com/api/idempotent_requests
REPEATABLE = timedelta(hours=23)


@transaction.atomic
def begin_intent(*, organization: Organization, kind: Intent.Kind, request: Mapping[str, Any], now: datetime) -> Intent:
    """Write down what is to be asked; the same that is pending already is taken up, another is given up for this.

    Raises OrganizationNotFound.
    """
    lock_organization(organization.pk)
    pending = Intent.objects.for_organization(organization).pending().filter(kind=kind).first()
    if pending is not None:
        if pending.request == request and now - pending.created_at < REPEATABLE:
            return pending
        finish_intent(pending, status=Intent.Status.ABANDONED, now=now)
    return Intent.objects.create(organization=organization, kind=kind, request=dict(request), created_at=now)


def carry_out(intent: Intent, ask: Callable[[Mapping[str, Any], str], Outcome], *, now: datetime) -> Outcome:
    """Ask Stripe, with the intent's own key, and write down what became of it. Never inside a transaction.

    Raises what `ask` raises: StripeUnavailable leaves the intent pending, for another try.
    """
    try:
        outcome = ask(intent.request, intent.idempotency_key)
    except (StripeRefused, StripeKnowsNone):
        finish_intent(intent, status=Intent.Status.REFUSED, now=now)
        raise
    except StripeUnavailable as failure:
        if failure.is_final:
            finish_intent(intent, status=Intent.Status.ABANDONED, now=now)
        raise
    finish_intent(intent, status=Intent.Status.DONE, now=now, stripe_id=getattr(outcome, "id", "") or str(outcome))
    return outcome


def finish_intent(intent: Intent, *, status: Intent.Status, now: datetime, stripe_id: str = "") -> None:
    """Write down how a pending intent ended; one that has ended otherwise meanwhile stays as it is."""
    Intent.objects.filter(pk=intent.pk, status=Intent.Status.PENDING).update(
        status=status, stripe_id=stripe_id, finished_at=now
    )
