"""What changes within a subscription's life: its item, its end, its trial, its periods."""

from coditect.local.fake_stripe import problems
from coditect.local.fake_stripe.resources import cards, catalog, collection, invoices, lines
from coditect.local.fake_stripe.resources.periods import next_end
from coditect.local.fake_stripe.store import Json
from coditect.local.fake_stripe.world import World

PENDING_SECONDS = 23 * 3600


def ending(world: World, subscription: Json, params: Json) -> Json:
    """The fields that an asked or taken back cancellation changes."""
    item = subscription["items"]["data"][0]
    updates: Json = {}
    if "cancellation_details" in params:
        given = params["cancellation_details"] or {}
        updates["cancellation_details"] = {**subscription["cancellation_details"], **given}
    if "cancel_at_period_end" in params:
        is_ending = params["cancel_at_period_end"]
        updates |= _end_at(world, subscription, item["current_period_end"] if is_ending else None, updates)
        updates["cancel_at_period_end"] = is_ending
    elif "cancel_at" in params:
        at = item["current_period_end"] if str(params["cancel_at"]).endswith("period_end") else params["cancel_at"]
        updates |= _end_at(world, subscription, int(at) if at else None, updates)
    return updates


def _end_at(world: World, subscription: Json, at: int | None, updates: Json) -> Json:
    details: Json = updates.get("cancellation_details") or subscription["cancellation_details"]
    if at is None:
        return {"cancel_at": None, "canceled_at": None, "cancellation_details": {**details, "reason": None}}
    return {
        "cancel_at": at,
        "canceled_at": world.now(subscription),
        "cancellation_details": {**details, "reason": "cancellation_requested"},
    }


def change_item(world: World, subscription: Json, params: Json, *, asked: Json) -> None:
    """Give the item another price or quantity; what that costs is invoiced now, later or never, as was asked."""
    before = subscription["items"]["data"][0]
    if asked.get("id") is None:
        raise problems.not_supported(
            "a second item of a subscription: name the `id` of the first", param="items[0][id]"
        )
    if asked["id"] != before["id"]:
        raise problems.missing_resource("subscription_item", asked["id"], param="items[0][id]", status=400)
    after = _changed(world, before, asked)
    if after == before:
        return
    if subscription["status"] in {"trialing", "incomplete", "paused"} or params.get("proration_behavior") == "none":
        if _begins_anew(before, after, params):
            _restart(world, subscription, params, before=before, after=after)
        else:
            _set_item(world, subscription, after)
    elif _begins_anew(before, after, params):
        _restart(world, subscription, params, before=before, after=after)
    else:
        _prorate(world, subscription, params, before=before, after=after)


def _changed(world: World, before: Json, asked: Json) -> Json:
    price = (
        catalog.usable_price(world, asked["price"], param="items[0][price]") if "price" in asked else before["price"]
    )
    if price["id"] == before["price"]["id"]:
        price = before["price"]
    return {
        **before,
        "price": price,
        "plan": catalog.plan_of(price),
        "quantity": asked.get("quantity", before["quantity"]),
        "metadata": asked.get("metadata") or before["metadata"],
    }


def _begins_anew(before: Json, after: Json, params: Json) -> bool:
    """Another interval cannot share the running period."""
    return before["price"]["recurring"] != after["price"]["recurring"] or params.get("billing_cycle_anchor") == "now"


def _set_item(world: World, subscription: Json, item: Json) -> None:
    items = {**subscription["items"], "data": [item]}
    world.change(subscription, event="customer.subscription.updated", items=items)


def _prorate(world: World, subscription: Json, params: Json, *, before: Json, after: Json) -> None:
    now = world.now(subscription)
    lines.prorate(world, subscription, before=before, after=after, at=int(params.get("proration_date", now)))
    _set_item(world, subscription, after)
    if params.get("proration_behavior") == "always_invoice":
        _invoice_change(world, subscription, params, period=(before["current_period_start"], now), before=before)


def _restart(world: World, subscription: Json, params: Json, *, before: Json, after: Json) -> None:
    now = world.now(subscription)
    if subscription["status"] == "trialing":
        # The trial goes on; the new interval counts from its end.
        _set_item(world, subscription, after)
        return
    if params.get("proration_behavior") != "none" and subscription["status"] == "active":
        lines.prorate(world, subscription, before=before, after=None, at=now)
    end = next_end(now, after["price"]["recurring"], after=now)
    item = {**after, "current_period_start": now, "current_period_end": end}
    items = {**subscription["items"], "data": [item]}
    world.change(subscription, event="customer.subscription.updated", items=items, billing_cycle_anchor=now)
    line = lines.period_line(world, subscription, item)
    period = (before["current_period_start"], now)
    _invoice_change(world, subscription, params, period=period, before=before, whole=[line])


def _invoice_change(
    world: World,
    subscription: Json,
    params: Json,
    *,
    period: tuple[int, int],
    before: Json,
    whole: list[Json] | None = None,
) -> None:
    """Invoice a change at once; what a declined card means then is the caller's to choose."""
    invoice = invoices.draft(world, subscription, reason="subscription_update", lines=whole or [], period=period)
    world.change(subscription, event="customer.subscription.updated", latest_invoice=invoice["id"])
    invoices.finalize(world, invoice)
    behavior = params.get("payment_behavior", "allow_incomplete")
    if behavior == "pending_if_incomplete":
        _hold(world, subscription, invoice, before=before)
    declined = collection.collect(world, invoice)
    if declined and behavior == "error_if_incomplete":
        raise collection.no_card() if declined == collection.NO_CARD else cards.decline(declined)


def _hold(world: World, subscription: Json, invoice: Json, *, before: Json) -> None:
    """Keep the change pending until its invoice is paid, for 23 hours at most."""
    wanted = subscription["items"]["data"]
    pending = {
        "billing_cycle_anchor": None,
        "expires_at": world.now(subscription) + PENDING_SECONDS,
        "subscription_items": wanted,
        "trial_end": None,
        "trial_from_plan": None,
    }
    items = {**subscription["items"], "data": [before]}
    note = {"invoice": invoice["id"]}
    world.change(
        subscription, event="customer.subscription.updated", items=items, pending_update=pending, _pending=note
    )


def move_trial(world: World, subscription: Json, end: object) -> None:
    """End a running trial now, or let it end at another time."""
    if end == "now":
        if subscription["status"] == "trialing":
            end_trial(world, subscription)
        return
    moment = int(str(end))
    if moment <= world.now(subscription):
        raise problems.StripeProblem("Timestamp must be in the future.", param="trial_end")
    item = {**subscription["items"]["data"][0], "current_period_end": moment}
    world.change(
        subscription,
        event="customer.subscription.updated",
        status="trialing",
        trial_end=moment,
        trial_start=subscription["trial_start"] or world.now(subscription),
        billing_cycle_anchor=moment,
        items={**subscription["items"], "data": [item]},
        _trial_notice_sent=False,
    )


def end_trial(world: World, subscription: Json) -> None:
    """Go from trial to the first paid period; without a card, as the subscription's settings say."""
    now = world.now(subscription)
    without_card = subscription["trial_settings"]["end_behavior"]["missing_payment_method"]
    has_card = collection.card_of(world, subscription["customer"], subscription) is not None
    if not has_card and without_card == "cancel":
        collection.end(world, subscription)
    elif not has_card and without_card == "pause":
        world.change(subscription, event="customer.subscription.updated", status="paused", trial_end=now)
        world.emit("customer.subscription.paused", subscription)
    else:
        subscription["trial_end"] = now
        invoice = begin_period(world, subscription, at=now, reason="subscription_cycle", status="active")
        collection.collect(world, invoices.finalize(world, invoice))


def begin_period(
    world: World, subscription: Json, *, at: int, reason: str, is_held: bool = False, status: str | None = None
) -> Json:
    """Move to the next period and draft its invoice."""
    before = subscription["items"]["data"][0]
    is_renewal = is_held
    anchor = subscription["billing_cycle_anchor"] if is_renewal else at
    start = before["current_period_end"] if is_renewal else at
    end = next_end(anchor, before["price"]["recurring"], after=start)
    item = {**before, "current_period_start": start, "current_period_end": end}
    subscription["items"] = {**subscription["items"], "data": [item]}
    subscription["billing_cycle_anchor"] = anchor
    line = lines.period_line(world, subscription, item)
    period = (before["current_period_start"], start)
    invoice = invoices.draft(world, subscription, reason=reason, lines=[line], period=period, is_held=is_held)
    if subscription["status"] == "unpaid":
        world.change(invoice, auto_advance=False, automatically_finalizes_at=None)
    world.change(
        subscription,
        event="customer.subscription.updated",
        latest_invoice=invoice["id"],
        status=status or subscription["status"],
    )
    return invoice
