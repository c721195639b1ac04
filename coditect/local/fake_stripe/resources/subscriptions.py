"""Subscriptions: begun, changed, canceled and taken up again."""

from typing import Any

from coditect.local.fake_stripe import problems
from coditect.local.fake_stripe.resources import blanks, cards, catalog, changes, collection, invoices, lines
from coditect.local.fake_stripe.resources.collection import DAY
from coditect.local.fake_stripe.store import Json
from coditect.local.fake_stripe.world import World, merge_metadata

ENDED = {"canceled", "incomplete_expired"}


def create(world: World, params: Json) -> Json:
    """Subscribe a customer to one price."""
    if "customer" not in params:
        raise problems.missing_parameter("customer")
    customer = world.find("customer", params["customer"], param="customer")
    item = only_item(params.get("items") or [])
    if "price" not in item:
        raise problems.missing_parameter("items[0][price]")
    card = params.get("default_payment_method")
    if card is not None:
        world.find("payment_method", card, param="default_payment_method")
    subscription = start(
        world,
        customer,
        price=catalog.usable_price(world, item["price"], param="items[0][price]"),
        quantity=item.get("quantity", 1),
        card=card,
        trial_end=trial_end(world, customer, params),
        metadata=params.get("metadata"),
        behavior=params.get("payment_behavior", "allow_incomplete"),
        trial_settings=params.get("trial_settings"),
    )
    rest: Json = {name: params[name] for name in ("cancel_at", "cancel_at_period_end", "description") if name in params}
    return update(world, rest, subscription["id"]) if rest else subscription


def only_item(items: list[Json]) -> Json:
    """The one item that a subscription here has."""
    if not items:
        raise problems.missing_parameter("items")
    if len(items) > 1:
        raise problems.not_supported("subscriptions with several items", param="items")
    unknown = set(items[0]) - {"id", "price", "quantity", "metadata"}
    if unknown:
        raise problems.not_supported(f"{', '.join(sorted(unknown))} of an item", param="items[0]")
    return items[0]


def trial_end(world: World, customer: Json, params: Json) -> int | None:
    """When the asked trial ends; None without one."""
    if params.get("trial_period_days"):
        return world.now(customer) + int(params["trial_period_days"]) * DAY
    end = params.get("trial_end")
    return None if end in {None, "now"} else int(str(end))


def start(
    world: World,
    customer: Json,
    *,
    price: Json,
    quantity: int,
    card: str | None,
    trial_end: int | None,
    metadata: Any,
    behavior: str,
    trial_settings: Json | None = None,
) -> Json:
    """Begin a subscription and have its first invoice paid, or, on trial, one over nothing."""
    subscription = blanks.subscription(world, customer, price=price, quantity=quantity, trial_end=trial_end)
    subscription |= {"default_payment_method": card, "metadata": merge_metadata(None, metadata)}
    if trial_settings:
        subscription["trial_settings"] = {"end_behavior": trial_settings["end_behavior"]}
    world.add(subscription)
    if customer["currency"] is None:
        world.change(customer, event="customer.updated", currency=price["currency"])
    now = world.now(subscription)
    line = lines.period_line(world, subscription, item_of(subscription), is_trial=trial_end is not None)
    invoice = invoices.draft(world, subscription, reason="subscription_create", lines=[line], period=(now, now))
    invoices.finalize(world, invoice)
    world.change(subscription, event="customer.subscription.created", latest_invoice=invoice["id"])
    if behavior != "default_incomplete" or invoice["amount_due"] == 0:
        _collect_first(world, subscription, invoice, behavior=behavior)
    return world.find("subscription", subscription["id"])


def _collect_first(world: World, subscription: Json, invoice: Json, *, behavior: str) -> None:
    if invoice["amount_due"] and collection.card_of(world, subscription["customer"], subscription) is None:
        raise collection.no_card()
    declined = collection.collect(world, invoice)
    if declined and behavior == "error_if_incomplete":
        raise cards.decline(declined)


def item_of(subscription: Json) -> Json:
    item: Json = subscription["items"]["data"][0]
    return item


def update(world: World, params: Json, id: str) -> Json:
    """Change a subscription: its item with proration, its end, its card, its trial."""
    subscription = world.find("subscription", id)
    if subscription["status"] in ENDED and set(params) - {"metadata", "cancellation_details"}:
        raise problems.StripeProblem("A canceled subscription can only update its cancellation_details and metadata.")
    updates: Json = {"metadata": merge_metadata(subscription["metadata"], params.get("metadata"))}
    if "default_payment_method" in params:
        card = params["default_payment_method"] or None
        if card:
            world.find("payment_method", card, param="default_payment_method")
        updates["default_payment_method"] = card
    if "description" in params:
        updates["description"] = params["description"] or None
    if params.get("trial_settings"):
        updates["trial_settings"] = {"end_behavior": params["trial_settings"]["end_behavior"]}
    updates |= changes.ending(world, subscription, params)
    world.change(subscription, event="customer.subscription.updated", **updates)
    if "items" in params:
        changes.change_item(world, subscription, params, asked=only_item(params["items"]))
    if "trial_end" in params:
        changes.move_trial(world, subscription, params["trial_end"])
    return world.find("subscription", id)


def cancel(world: World, params: Json, id: str) -> Json:
    """Cancel at once. One that has ended cannot be found to cancel."""
    subscription = world.find("subscription", id)
    if subscription["status"] in ENDED:
        raise problems.missing_resource("subscription", id)
    item = item_of(subscription)
    if params.get("prorate") and subscription["status"] == "active":
        lines.prorate(world, subscription, before=item, after=None, at=world.now(subscription))
    details = {**subscription["cancellation_details"], **(params.get("cancellation_details") or {})}
    subscription["cancellation_details"] = details
    collection.end(world, subscription)
    if params.get("invoice_now"):
        period = (item["current_period_start"], world.now(subscription))
        invoice = invoices.draft(world, subscription, reason="subscription_update", lines=[], period=period)
        collection.collect(world, invoices.finalize(world, invoice))
    return world.find("subscription", id)


def resume(world: World, _params: Json, id: str) -> Json:
    """Take up a paused subscription: a new period begins and is charged."""
    subscription = world.find("subscription", id)
    if subscription["status"] != "paused":
        raise problems.StripeProblem("You can only resume a paused subscription.")
    invoice = changes.begin_period(world, subscription, at=world.now(subscription), reason="subscription_update")
    declined = collection.collect(world, invoices.finalize(world, invoice))
    if declined:
        raise cards.decline(declined)
    resumed = world.find("subscription", id)
    world.emit("customer.subscription.resumed", resumed)
    return resumed


end = collection.end
