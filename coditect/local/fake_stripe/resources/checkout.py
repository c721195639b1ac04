"""Checkout sessions in subscription mode, and what their hosted page does with them."""

from coditect.local.fake_stripe import problems
from coditect.local.fake_stripe.resources import blanks, cards, catalog, customers, subscriptions
from coditect.local.fake_stripe.resources.lines import product_name
from coditect.local.fake_stripe.store import Json
from coditect.local.fake_stripe.world import World, merge_metadata

LIFE_SECONDS = 24 * 3600
SHORTEST_SECONDS = 30 * 60
_SUBSCRIPTION_DATA = {"metadata", "trial_period_days", "trial_end", "description", "trial_settings"}


def create(world: World, params: Json) -> Json:
    """Open a session; its `url` is the page where it is paid."""
    if params.get("mode") != "subscription":
        raise problems.not_supported("checkout in another mode than `subscription`", param="mode")
    for name in ("line_items", "success_url"):
        if name not in params:
            raise problems.missing_parameter(name)
    unknown = set(params.get("subscription_data") or {}) - _SUBSCRIPTION_DATA
    if unknown:
        raise problems.not_supported(f"{', '.join(sorted(unknown))} of subscription_data", param="subscription_data")
    price, quantity = _line(world, params["line_items"])
    customer = params.get("customer")
    if customer is not None:
        world.find("customer", customer, param="customer")
        if "customer_email" in params:
            raise problems.StripeProblem("You may only specify one of these parameters: customer, customer_email.")
    session = blanks.checkout_session(
        world,
        params,
        expires_at=_expiry(world, params),
        total=0 if _is_trial(params) else price["unit_amount"] * quantity,
    )
    session |= {"currency": price["currency"], "_price": price["id"], "_quantity": quantity}
    session["_subscription_data"] = params.get("subscription_data") or {}
    return world.add(session)


def _line(world: World, items: list[Json]) -> tuple[Json, int]:
    if len(items) != 1 or "price" not in items[0]:
        raise problems.not_supported("checkout of other things than one price", param="line_items")
    if set(items[0]) - {"price", "quantity"}:
        raise problems.not_supported("these fields of a line item", param="line_items[0]")
    if "quantity" not in items[0]:
        raise problems.missing_parameter("line_items[0][quantity]")
    if items[0]["quantity"] < 1:
        raise problems.InvalidParameters(
            "This value must be greater than or equal to 1.", param="line_items[0][quantity]"
        )
    return catalog.usable_price(world, items[0]["price"], param="line_items[0][price]"), items[0]["quantity"]


def _is_trial(params: Json) -> bool:
    data = params.get("subscription_data") or {}
    return bool(data.get("trial_period_days") or data.get("trial_end"))


def _expiry(world: World, params: Json) -> int:
    now = world.now()
    at = int(params.get("expires_at", now + LIFE_SECONDS))
    if not now + SHORTEST_SECONDS <= at <= now + LIFE_SECONDS:
        raise problems.StripeProblem(
            "The `expires_at` timestamp must be at least 30 minutes and less than 24 hours from Checkout Session "
            "creation.",
            param="expires_at",
        )
    return at


def line_items(world: World, session: Json) -> Json:
    """The session's line as the page of its line items has it."""
    price, quantity = world.find("price", session["_price"]), session["_quantity"]
    amount = price["unit_amount"] * quantity
    item = {
        "id": f"li_{session['id'][-24:]}",
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price["currency"],
        "description": product_name(world, price),
        "discounts": [],
        "metadata": {},
        "price": price,
        "quantity": quantity,
        "taxes": [],
    }
    url = f"/v1/checkout/sessions/{session['id']}/line_items"
    return {"object": "list", "data": [item], "has_more": False, "url": url}


def list_line_items(world: World, _params: Json, id: str) -> Json:
    return line_items(world, world.find("checkout.session", id))


def complete(world: World, id: str, *, number: str | None) -> Json:
    """Pay with the card of a test number, or with none where a trial asks for none; what is behind Pay on the page.

    Raises StripeProblem for a declined card (nothing is begun, the session stays open) or a session that is over.
    """
    session = world.find("checkout.session", id)
    if session["status"] != "open":
        raise problems.StripeProblem(f"This checkout session is {session['status']}.")
    customer = _customer(world, session)
    card = None
    if number is not None:
        card = cards.make(world, number=number)
        cards.attach(world, {"customer": customer["id"]}, card["id"])
    elif session["payment_method_collection"] == "always":
        raise problems.StripeProblem("A card is needed here.")
    data = session["_subscription_data"]
    subscription = subscriptions.start(
        world,
        customer,
        price=world.find("price", session["_price"]),
        quantity=session["_quantity"],
        card=card["id"] if card else None,
        trial_end=subscriptions.trial_end(world, customer, data),
        metadata=data.get("metadata"),
        behavior="error_if_incomplete",
        trial_settings=data.get("trial_settings"),
    )
    details = {
        "address": None,
        "business_name": None,
        "email": customer["email"],
        "individual_name": None,
        "name": customer["name"],
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }
    changed = {"customer": customer["id"], "customer_details": details, "subscription": subscription["id"]}
    return world.change(
        session,
        event="checkout.session.completed",
        status="complete",
        payment_status="paid" if session["amount_total"] else "no_payment_required",
        invoice=subscription["latest_invoice"],
        url=None,
        **changed,
    )


def _customer(world: World, session: Json) -> Json:
    if session["customer"]:
        return world.find("customer", session["customer"])
    return customers.create(world, {"email": session["customer_email"] or "buyer@example.com"})


def expire_session(world: World, session: Json) -> Json:
    return world.change(session, event="checkout.session.expired", status="expired", url=None)


def expire(world: World, _params: Json, id: str) -> Json:
    """Close an open session."""
    session = world.find("checkout.session", id)
    if session["status"] != "open":
        raise problems.StripeProblem(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of '
            f"`{session['status']}`."
        )
    return expire_session(world, session)


def update(world: World, params: Json, id: str) -> Json:
    """Change a session's metadata."""
    session = world.find("checkout.session", id)
    return world.change(session, metadata=merge_metadata(session["metadata"], params.get("metadata")))
