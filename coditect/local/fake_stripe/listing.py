"""Lists: newest first, filtered, page by page."""

from collections.abc import Iterable

from coditect.local.fake_stripe import problems
from coditect.local.fake_stripe.resources import customers
from coditect.local.fake_stripe.store import Json
from coditect.local.fake_stripe.world import World

MOST, USUAL = 100, 10
# Looked up in the database, so that a list of one customer's is quick among those of thousands.
_IN_DATABASE = ("customer", "invoice")
_PAGING = {"limit", "starting_after", "ending_before", "expand"}


def page(world: World, params: Json, *, kind: str, url: str) -> Json:
    """One page of a kind's objects. Raises StripeProblem for a bad limit, an unknown cursor, or an unknown customer."""
    if "customer" in params and not customers.was_deleted(world, params["customer"]):
        world.find("customer", params["customer"], param="customer")
    narrow = {name: params[name] for name in _IN_DATABASE if name in params}
    matching = [body for body in reversed(world.store.select(kind, **narrow)) if _matches(body, params)]
    return paged(matching, params, url=url)


def paged(matching: list[Json], params: Json, *, url: str) -> Json:
    limit = params.get("limit", USUAL)
    if not 1 <= limit <= MOST:
        bound = "greater than or equal to 1" if limit < 1 else f"less than or equal to {MOST}"
        raise problems.InvalidParameters(
            f"This value must be {bound}.", param="limit", code="parameter_invalid_integer"
        )
    if "ending_before" in params:
        before = matching[: _place(matching, params, "ending_before")]
        found, has_more = before[-limit:], len(before) > limit
    else:
        start = _place(matching, params, "starting_after") + 1 if "starting_after" in params else 0
        found, has_more = matching[start : start + limit], len(matching) > start + limit
    return {"object": "list", "data": found, "has_more": has_more, "url": url}


def _place(matching: list[Json], params: Json, name: str) -> int:
    for place, body in enumerate(matching):
        if body["id"] == params[name]:
            return place
    raise problems.missing_resource("object", params[name], param=name, status=400)


def _matches(body: Json, params: Json) -> bool:
    return all(_passes(body, name, wanted) for name, wanted in _filters(body, params))


def _filters(body: Json, params: Json) -> Iterable[tuple[str, object]]:
    filters = [(name, wanted) for name, wanted in params.items() if name not in _PAGING]
    if body["object"] == "subscription" and "status" not in params:
        # Stripe leaves canceled ones out unless asked for.
        filters.append(("status", "!canceled"))
    return filters


def _passes(body: Json, name: str, wanted: object) -> bool:  # noqa: PLR0911 (a case for each filter that differs)
    match name, body["object"]:
        case "status", "subscription" if wanted in {"all", "ended", "!canceled"}:
            is_ended = body["status"] in {"canceled", "incomplete_expired"}
            return wanted == "all" or is_ended == (wanted == "ended")
        case "status", "payment_method" | "charge":
            return True
        case "price", "subscription":
            return bool(body["items"]["data"][0]["price"]["id"] == wanted)
        case "subscription", "invoice":
            return bool(body["parent"]["subscription_details"]["subscription"] == wanted)
        case "types" | "lookup_keys" | "ids", _:
            key = {"types": "type", "lookup_keys": "lookup_key", "ids": "id"}[name]
            return isinstance(wanted, list) and body[key] in wanted
        case "type", "event":
            return _is_type(body["type"], str(wanted))
        case "created" | "current_period_start" | "current_period_end", _:
            return _is_within(_moment(body, name), wanted)
        case "delivery_success", "event":
            return bool((body["pending_webhooks"] == 0) == wanted)
        case "customer_details", _:
            details = body["customer_details"] or {}
            return isinstance(wanted, dict) and details.get("email") == wanted.get("email")
    return bool(body.get(name) == wanted)


def _is_type(name: str, wanted: str) -> bool:
    return name.startswith(wanted[:-1]) if wanted.endswith("*") else name == wanted


def _moment(body: Json, name: str) -> int:
    return int(body["items"]["data"][0][name] if name.startswith("current") else body[name])


def _is_within(moment: int, wanted: object) -> bool:
    if not isinstance(wanted, dict):
        return moment == wanted
    tests = {"gt": moment.__gt__, "gte": moment.__ge__, "lt": moment.__lt__, "lte": moment.__le__}
    return all(tests[name](bound) for name, bound in wanted.items())
