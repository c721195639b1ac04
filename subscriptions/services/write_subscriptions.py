"""What Stripe says of subscriptions is written down; what follows from it for seats is said in entitle.py."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
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
INTERRUPTED = BEHIND | {Status.PAUSED}
FOREVER = datetime.max.replace(tzinfo=UTC)


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
) -> dict[str, Subscription]:
    """Write all of an organization's subscriptions, and return them by Stripe's ids.

    `at` is what Stripe's clock says. Raises PriceUnknown; and StripeKnowsNone where Stripe has never heard of one that
    lives, which is left as it is: subscriptions end, but they do not vanish.
    """
    found = Subscription.objects.for_organization(organization).select_related("price__plan", "license").locked()
    rows = {row.stripe_subscription_id: row for row in found.order_by("created_at", "id")}
    vanished = rows.keys() - {each.id for each in said}
    if any(rows[id].has_begun and not rows[id].has_ended for id in vanished):
        raise StripeKnowsNone(param="subscription")
    prices = _prices_of(said, rows)
    ours = sorted((each for each in said if each.price_id in prices), key=lambda each: (each.created_at, each.id))
    surplus = surplus_among(ours)
    # A license passes from the surplus to the older one, and from what has ended to what lives.
    for facts in sorted(ours, key=lambda each: (each.id not in surplus, each.status not in Subscription.ENDED)):
        row = rows.get(facts.id) or Subscription(organization=organization, stripe_subscription_id=facts.id)
        row.is_surplus = facts.id in surplus
        rows[facts.id] = row
        _write(row, facts, prices[facts.price_id], invoices, at=at, now=now)
    _keep_plan(organization, rows.values())
    return rows


def surplus_among(said: Sequence[SubscriptionFacts]) -> set[str]:
    """Those, of all oldest first, that never counted: an older one has lived for as long as they.

    Our checkouts let nobody buy a second one; at Stripe itself somebody may have made it. It takes over once the older
    one ends. What is asked here are facts of Stripe's alone, so that the answer does not depend on what was seen.
    """
    surplus, lasts = set(), None
    for each in said:
        if each.status in Subscription.NEVER_BEGUN:
            continue
        end = each.ended_at or FOREVER
        if lasts is not None and each.created_at < lasts and end <= lasts:
            surplus.add(each.id)
        else:
            lasts = end
    return surplus


def _prices_of(said: Sequence[SubscriptionFacts], rows: Mapping[str, Subscription]) -> dict[str, Price]:
    """The prices by Stripe's ids. Raises PriceUnknown; something else that the customer has bought is passed over."""
    wanted = {each.price_id for each in said}
    found = Price.objects.select_related("plan").filter(stripe_price_id__in=wanted)
    prices = {price.stripe_price_id: price for price in found}
    living = [each for each in said if each.status not in Subscription.ENDED]
    is_served = any(each.price_id in prices for each in living)
    for each in said:
        if each.price_id not in prices and (each.id in rows or (each in living and not is_served)):
            raise PriceUnknown(price_id=each.price_id)
    return prices


def _keep_plan(organization: Organization, rows: Iterable[Subscription]) -> None:
    """An organization has the plan of the subscription that has its license."""
    plans = (row.price.plan_id for row in rows if not (row.has_ended or row.is_surplus) and row.license_id)
    plan = next(plans, Plan.FREE)
    if organization.plan != plan:
        organization.plan = plan
        organization.save(update_fields=["plan"])


def _write(
    row: Subscription,
    facts: SubscriptionFacts,
    price: Price,
    invoices: Sequence[InvoiceFacts],
    *,
    at: datetime,
    now: datetime,
) -> None:
    values = _values(facts) | {"price": price, "past_due_at": None}
    if facts.status in BEHIND:
        values["past_due_at"] = due_since(facts, invoices) or row.past_due_at or at
    before = None if row._state.adding else {name: getattr(row, name) for name in values}
    for name, value in values.items():
        setattr(row, name, value)
    row.synced_at = now
    row.save()
    entitle(row, at=at, now=now)
    _tell(row, before, now=now)
    remind(row, at=at, now=now)


def _values(facts: SubscriptionFacts) -> dict[str, Any]:
    same = ("status", "cancel_at_period_end", "cancel_at", "canceled_at", "ended_at", "trial_end", "created_at")
    return {name: getattr(facts, name) for name in same} | {
        "stripe_item_id": facts.item_id,
        "seats": facts.quantity,
        "current_period_start": facts.period_start,
        "current_period_end": facts.period_end,
    }


def _tell(subscription: Subscription, before: Mapping[str, Any] | None, *, now: datetime) -> None:
    """Record what this means: each beginning, arrears, recovery and end once, whatever it was learnt from."""
    if not subscription.has_begun:
        return
    id = subscription.stripe_subscription_id
    _record(id, "subscription.created", subscription, now=now)
    if subscription.past_due_at is not None:
        since = subscription.past_due_at
        ends = {"past_due_at": moment(since), "grace_ends_at": moment(since + GRACE)}
        _record(f"{id}:{since.isoformat()}", "subscription.past_due", subscription, now=now, **ends)
    if subscription.status == Status.CANCELED:
        _record(id, "subscription.canceled", subscription, now=now)
    if subscription.is_surplus:
        logger.error("%s pays for several subscriptions, %s among them", subscription.organization_id, id)
        _record(id, "subscription.surplus", subscription, now=now)
    if before is None:
        return
    if before["status"] in INTERRUPTED and subscription.is_paid:
        since = before["past_due_at"] or before["current_period_start"]
        _record(f"{id}:{since.isoformat()}", "subscription.resumed", subscription, now=now)
    changed = [name for name in UPDATES if before[name] != getattr(subscription, name)]
    if changed and not subscription.has_ended and before["status"] not in Subscription.NEVER_BEGUN:
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
