"""`expand[]`: ids in an answer become the objects they stand for, and lists appear that are left out otherwise."""

from typing import Any

from coditect.local.fake_stripe import problems
from coditect.local.fake_stripe.resources import checkout
from coditect.local.fake_stripe.store import Json
from coditect.local.fake_stripe.world import World, visible

_MOST_LEVELS = 4


def expand(world: World, answer: Json, paths: list[str]) -> Json:
    """Return the answer with these paths expanded. Raises StripeProblem for one that is not there."""
    for path in paths:
        names = path.split(".")
        if len(names) > _MOST_LEVELS:
            raise problems.StripeProblem(f"You cannot expand more than {_MOST_LEVELS} levels of a property. ({path})")
        _expand(world, answer, names, path=path)
    return answer


def _expand(world: World, target: Any, names: list[str], *, path: str) -> None:
    if isinstance(target, list):
        for item in target:
            _expand(world, item, names, path=path)
        return
    if not names or target is None:
        return
    name, *rest = names
    if not isinstance(target, dict) or (name not in target and not _include(world, target, name)):
        raise problems.InvalidParameters(f"This property cannot be expanded ({path}).", param="expand")
    if isinstance(target[name], str):
        target[name] = _object(world, target[name], path=path)
    _expand(world, target[name], rest, path=path)


def _object(world: World, id: str, *, path: str) -> Json:
    found = world.store.get(id)
    if found is None:
        raise problems.InvalidParameters(f"This property cannot be expanded ({path}).", param="expand")
    return visible(found)


def _include(world: World, target: Json, name: str) -> bool:
    """Add a list that is only answered when it is asked for."""
    match target.get("object"), name:
        case "invoice", "payments":
            found = world.store.select("invoice_payment", invoice=target["id"])
            url = f"/v1/invoice_payments?invoice={target['id']}"
        case "customer", "subscriptions":
            found = [
                one for one in world.store.select("subscription", customer=target["id"]) if one["status"] != "canceled"
            ]
            url = f"/v1/customers/{target['id']}/subscriptions"
        case "checkout.session", "line_items":
            kept = world.store.get(target["id"])
            target[name] = checkout.line_items(world, kept) if kept else None
            return True
        case _:
            return False
    target[name] = {"object": "list", "data": [visible(one) for one in found], "has_more": False, "url": url}
    return True
