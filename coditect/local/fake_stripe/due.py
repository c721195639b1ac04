"""What happens by itself when its time comes: renewals, retries, ends of trials and of checkouts."""

from coditect.local.fake_stripe.resources import changes, checkout, collection, invoices
from coditect.local.fake_stripe.store import Json
from coditect.local.fake_stripe.world import World

DAY = 86400
INCOMPLETE_SECONDS = 23 * 3600
NOTICE_SECONDS = 3 * DAY
# More happenings than any test needs in one move of the clock: a mistake, not a year of renewals.
MOST_STEPS = 100_000


def due_of(body: Json) -> int | None:
    """The next moment at which something happens to an object by itself."""
    moment: int | None = None
    match body["object"]:
        case "subscription":
            moment = _due_of_subscription(body)
        case "invoice" if body["auto_advance"] and body["status"] == "draft":
            moment = body["automatically_finalizes_at"]
        case "invoice" if body["auto_advance"] and body["status"] == "open":
            moment = body["next_payment_attempt"]
        case "checkout.session" if body["status"] == "open":
            moment = body["expires_at"]
    return moment


def _due_of_subscription(body: Json) -> int | None:
    if body["status"] in {"canceled", "incomplete_expired", "paused"}:
        return None
    if body["status"] == "incomplete":
        return int(body["created"]) + INCOMPLETE_SECONDS
    moments: list[int | None] = [body["items"]["data"][0]["current_period_end"], body["cancel_at"]]
    if body["pending_update"]:
        moments.append(body["pending_update"]["expires_at"])
    if body["status"] == "trialing" and not body["_trial_notice_sent"]:
        moments.append(max(body["trial_end"] - NOTICE_SECONDS, body["created"]))
    return min(moment for moment in moments if moment is not None)


def run(world: World, *, clock: str | None, until: int) -> int:
    """Let everything happen that is due on a clock (None: the account's own), in order. Return how much it was."""
    for count in range(MOST_STEPS):
        found = world.store.next_due(clock=clock, until=until)
        if found is None:
            return count
        moment, body = found
        with world.at(moment):
            _happen(world, body, at=moment)
    raise RuntimeError("The fake Stripe's clock does not come to rest.")


def _happen(world: World, body: Json, *, at: int) -> None:
    match body["object"]:
        case "subscription":
            _live(world, body, at=at)
        case "invoice" if body["status"] == "draft":
            invoices.finalize(world, body)
            collection.collect(world, body)
        case "invoice":
            collection.collect(world, body)
        case "checkout.session":
            checkout.expire_session(world, body)


def _live(world: World, subscription: Json, *, at: int) -> None:
    pending = subscription["pending_update"]
    if subscription["status"] == "incomplete":
        _expire(world, subscription)
    elif pending and pending["expires_at"] <= at:
        world.change(subscription, event="customer.subscription.pending_update_expired", pending_update=None)
    elif subscription["cancel_at"] is not None and subscription["cancel_at"] <= at:
        collection.end(world, subscription)
    elif subscription["items"]["data"][0]["current_period_end"] > at:
        world.change(subscription, _trial_notice_sent=True)
        world.emit("customer.subscription.trial_will_end", subscription)
    elif subscription["status"] == "trialing":
        changes.end_trial(world, subscription)
    else:
        changes.begin_period(world, subscription, at=at, reason="subscription_cycle", is_held=True)


def _expire(world: World, subscription: Json) -> None:
    invoice = world.store.get(subscription["latest_invoice"])
    if invoice is not None and invoice["status"] == "open":
        invoices.void(world, invoice)
    world.change(subscription, event="customer.subscription.updated", status="incomplete_expired", ended_at=world.now())
