"""Whoever is behind with payments has days of grace, hears of it three times, and then gets no seats until they pay.

The days count from when the oldest unpaid invoice fell due, by Stripe's clock.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from accounts.models import Membership, Role
from coditect.journal.mails import queue_mail
from subscriptions.facts import InvoiceFacts, SubscriptionFacts
from subscriptions.models import Subscription
from subscriptions.services.effects import has_happened, is_first

GRACE = timedelta(days=7)
REMINDERS = {
    "payment_failed": timedelta(days=0),
    "payment_still_due": timedelta(days=3),
    "payment_last_notice": timedelta(days=6),
}
BEHIND = frozenset({Subscription.Status.PAST_DUE, Subscription.Status.UNPAID})
OWING = frozenset({"open", "uncollectible"})


def due_since(said: SubscriptionFacts, invoices: Sequence[InvoiceFacts]) -> datetime | None:
    """When a subscription fell behind, as far as its invoices tell."""
    unpaid = [each for each in invoices if each.subscription_id == said.id and each.status in OWING]
    return min((each.finalized_at or each.created_at for each in unpaid), default=None)


def is_over(subscription: Subscription, *, at: datetime) -> bool:
    """Whether the days of grace are over."""
    return subscription.past_due_at is not None and subscription.past_due_at + GRACE <= at


def next_step(subscription: Subscription, *, at: datetime) -> datetime | None:
    """When the next mail, or the suspension, is due; None where nothing more is to come."""
    if subscription.past_due_at is None:
        return None
    steps = [subscription.past_due_at + after for after in (*REMINDERS.values(), GRACE)]
    return min((step for step in steps if step > at), default=None)


def remind(subscription: Subscription, *, at: datetime, now: datetime) -> None:
    """Queue the mails that are due, each once to every owner; only the last of several is sent, see mails.py."""
    if subscription.past_due_at is None or subscription.is_surplus:
        return
    for template, after in REMINDERS.items():
        if subscription.past_due_at + after <= at and is_first(_key(subscription, template), now=now):
            for address in _owners_of(subscription):
                queue_mail(template=template, to=address, now=now, subscription_id=subscription.pk)


def is_latest(subscription: Subscription, template: str) -> bool:
    """Whether a reminder is of use still: the subscription is behind, and no later one is on its way."""
    if subscription.past_due_at is None:
        return False
    later = [other for other, after in REMINDERS.items() if after > REMINDERS[template]]
    return not any(has_happened(_key(subscription, other)) for other in later)


def _key(subscription: Subscription, template: str) -> str:
    since = subscription.past_due_at.isoformat() if subscription.past_due_at else ""
    return f"mail:{template}:{subscription.stripe_subscription_id}:{since}"


def _owners_of(subscription: Subscription) -> list[str]:
    """Whoever may pay."""
    owners = Membership.objects.for_organization(subscription.organization).filter(role=Role.OWNER)
    return list(owners.filter(user__is_active=True).order_by("user__email").values_list("user__email", flat=True))
