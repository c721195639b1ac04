"""What Stripe says of subscriptions is written down; what follows from it for seats is said in entitle.py."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from accounts.models import Organization
from coditect.errors import Conflict
from coditect.journal.catalogue import moment
from coditect.journal.services import record_event
from subscriptions.facts import InvoiceFacts, SubscriptionFacts
from subscriptions.models import Plan, Price, Subscription
from subscriptions.services.dunning import BEHIND, GRACE, due_since, remind
from subscriptions.services.effects import describe, record_once
from subscriptions.services.entitle import entitle
from subscriptions.stripe import StripeKnowsNone

logger = logging.getLogger(__name__)
Status = Subscription.Status
# Whatever of these changes is told as an update; what the others mean has an event of its own.
UPDATES = ("price", "seats", "current_period_end", "cancel_at_period_end", "cancel_at", "trial_end")
NEVER_BEGUN = frozenset({Status.INCOMPLETE, Status.INCOMPLETE_EXPIRED})
INTERRUPTED = BEHIND | {Status.PAUSED}


class PriceUnknown(Conflict):
    """A subscription has a price that no row of ours names. Add the price, then try again."""

    code = "price_unknown"
    message = "The subscription has a price that is not known here."


def write_subscriptions(
    organization: Organization,
    said: Sequence[SubscriptionFacts],
    invoices: Sequence[InvoiceFacts],
    *,
    at: datetime,
    now: datetime,
) -> Subscription | None:
    """Write all of an organization's subscriptions, oldest first and ended ones before the live one; return that.

    `at` is what Stripe's clock says. Raises PriceUnknown; and StripeKnowsNone where Stripe has never heard of the live
    one, which is left as it is: subscriptions end, but they do not vanish.
    """
    known = Subscription.objects.for_organization(organization).live()
    if known.exclude(stripe_subscription_id__in=[each.id for each in said]).exists():
        raise StripeKnowsNone(param="subscription")
    for facts in sorted((each for each in said if each.status in Subscription.ENDED), key=_age):
        if _price_of(facts) is not None:
            _write(organization, facts, invoices, at=at, now=now)
    current = _current_of(said)
    live = _write(organization, current, invoices, at=at, now=now) if current is not None else None
    plan = live.price.plan_id if live is not None and live.license_id else Plan.FREE
    if organization.plan != plan:
        organization.plan = plan
        organization.save(update_fields=["plan"])
    return live


def _age(facts: SubscriptionFacts) -> tuple[datetime, str]:
    return facts.created_at, facts.id


def _current_of(said: Sequence[SubscriptionFacts]) -> SubscriptionFacts | None:
    """The one that counts. Our checkouts let nobody buy a second one; at Stripe itself somebody may have made it."""
    living = sorted((each for each in said if each.status not in Subscription.ENDED), key=_age)
    begun = [each for each in living if each.status not in NEVER_BEGUN]
    if len(begun) > 1:
        ids = ", ".join(each.id for each in begun)
        logger.error("customer %s pays for several subscriptions: %s; only the first counts", begun[0].customer_id, ids)
    return next(iter([*begun, *living]), None)


def _write(
    organization: Organization,
    facts: SubscriptionFacts,
    invoices: Sequence[InvoiceFacts],
    *,
    at: datetime,
    now: datetime,
) -> Subscription:
    known = Subscription.objects.for_organization(organization).filter(stripe_subscription_id=facts.id).locked()
    row = known.select_related("price__plan").first()
    values = _values(facts) | {"past_due_at": None}
    if facts.status in BEHIND:
        values["past_due_at"] = due_since(facts, invoices) or (row.past_due_at if row is not None else None) or at
    before = {name: getattr(row, name) for name in values} if row is not None else None
    row = row or Subscription(organization=organization, stripe_subscription_id=facts.id)
    for name, value in values.items():
        setattr(row, name, value)
    row.synced_at = now
    row.save()
    entitle(row, at=at, now=now)
    _tell(row, before, now=now)
    remind(row, at=at, now=now)
    return row


def _price_of(facts: SubscriptionFacts) -> Price | None:
    return Price.objects.select_related("plan").filter(stripe_price_id=facts.price_id).first()


def _values(facts: SubscriptionFacts) -> dict[str, Any]:
    price = _price_of(facts)
    if price is None:
        raise PriceUnknown(price_id=facts.price_id)
    same = ("status", "cancel_at_period_end", "cancel_at", "canceled_at", "ended_at", "trial_end", "created_at")
    return {name: getattr(facts, name) for name in same} | {
        "price": price,
        "stripe_item_id": facts.item_id,
        "seats": facts.quantity,
        "current_period_start": facts.period_start,
        "current_period_end": facts.period_end,
    }


def _tell(subscription: Subscription, before: Mapping[str, Any] | None, *, now: datetime) -> None:
    """Record what this means: each beginning, arrears, recovery and end once, whatever it was learnt from."""
    if subscription.status in NEVER_BEGUN:
        return
    id = subscription.stripe_subscription_id
    _record(id, "subscription.created", subscription, now=now)
    if subscription.past_due_at is not None:
        since = subscription.past_due_at
        ends = {"past_due_at": moment(since), "grace_ends_at": moment(since + GRACE)}
        _record(f"{id}:{since.isoformat()}", "subscription.past_due", subscription, now=now, **ends)
    if subscription.status == Status.CANCELED:
        _record(id, "subscription.canceled", subscription, now=now)
    if before is None:
        return
    if before["status"] in INTERRUPTED and subscription.is_paid:
        since = before["past_due_at"] or before["current_period_start"]
        _record(f"{id}:{since.isoformat()}", "subscription.resumed", subscription, now=now)
    changed = [name for name in UPDATES if before[name] != getattr(subscription, name)]
    if changed and not subscription.has_ended and before["status"] not in NEVER_BEGUN:
        # Without a key: told a second time, nothing differs.
        record_event(
            "subscription.updated",
            subscription,
            at=now,
            organization_id=subscription.organization_id,
            data=describe(subscription),
        )


def _record(key: str, event_type: str, subscription: Subscription, *, now: datetime, **more: Any) -> None:
    record_once(
        key,
        event_type,
        subscription,
        at=now,
        organization_id=subscription.organization_id,
        data={**describe(subscription), **more},
    )
