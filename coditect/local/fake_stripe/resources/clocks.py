"""Test clocks: customers made on one live in its time, which moves when it is advanced."""

from coditect.local.fake_stripe import due, problems
from coditect.local.fake_stripe.store import Json
from coditect.local.fake_stripe.world import World, new_id

_DAYS_KEPT = 30


def create(world: World, params: Json) -> Json:
    """Make a clock that stands at `frozen_time`."""
    now = world.now()
    clock = {
        "id": new_id("clock"),
        "object": "test_helpers.test_clock",
        "created": now,
        "deletes_after": now + _DAYS_KEPT * due.DAY,
        "frozen_time": params["frozen_time"],
        "livemode": False,
        "name": params.get("name"),
        "status": "ready",
        "status_details": {},
    }
    return world.add(clock, event="test_helpers.test_clock.created")


def advance(world: World, params: Json, id: str) -> Json:
    """Move a clock forward and let everything happen that is due until then. Stripe takes a while for it, we do not."""
    clock = world.find("test_helpers.test_clock", id)
    target = params["frozen_time"]
    if target <= clock["frozen_time"]:
        raise problems.StripeProblem("frozen_time must be in the future of the clock.", param="frozen_time")
    due.run(world, clock=id, until=target)
    world.change(clock, event="test_helpers.test_clock.advancing", frozen_time=target)
    world.emit("test_helpers.test_clock.ready", clock)
    return {**clock, "status": "advancing", "status_details": {"advancing": {"target_frozen_time": target}}}


def delete(world: World, _params: Json, id: str) -> Json:
    """Delete a clock and everything that lives on it."""
    clock = world.find("test_helpers.test_clock", id)
    for kind in ("customer", "subscription", "invoice", "invoiceitem"):
        for body in world.store.select(kind, test_clock=id):
            world.remove(body)
    return world.remove(clock, event="test_helpers.test_clock.deleted")
