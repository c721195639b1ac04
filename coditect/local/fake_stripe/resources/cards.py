"""Payment methods of the one kind that is sold by here: cards, with Stripe's test numbers and what they do."""

from dataclasses import dataclass

from coditect.local.fake_stripe import faults, problems
from coditect.local.fake_stripe.store import Json
from coditect.local.fake_stripe.world import World, merge_metadata, new_id


@dataclass(frozen=True)
class TestCard:
    """How a test number behaves: the decline code of its charges, and whether already attaching it fails."""

    brand: str = "visa"
    decline_code: str | None = None
    fails_at_once: bool = True


GOOD, DECLINING = "4242424242424242", "4000000000000341"
CARDS = {
    GOOD: TestCard(),
    "5555555555554444": TestCard(brand="mastercard"),
    "378282246310005": TestCard(brand="amex"),
    DECLINING: TestCard(decline_code="generic_decline", fails_at_once=False),
    "4000000000000002": TestCard(decline_code="generic_decline"),
    "4000000000009995": TestCard(decline_code="insufficient_funds"),
    "4000000000000069": TestCard(decline_code="expired_card"),
    "4000000000000127": TestCard(decline_code="incorrect_cvc"),
    "4000000000000119": TestCard(decline_code="processing_error"),
}
# Stripe's names for such cards where no number may be sent.
_NAMED = {
    "visa": GOOD,
    "mastercard": "5555555555554444",
    "amex": "378282246310005",
    "chargeCustomerFail": DECLINING,
    "visa_chargeDeclined": "4000000000000002",
    "visa_chargeDeclinedInsufficientFunds": "4000000000009995",
}
_DECLINE_IS_CODE = {"expired_card", "incorrect_cvc", "processing_error"}


def create(world: World, params: Json) -> Json:
    """Make a payment method from a card's test number or token."""
    if params.get("type") != "card" or "card" not in params:
        raise problems.not_supported("payment methods other than cards", param="type")
    given = params["card"]
    token = str(given.get("token", "")).removeprefix("tok_")
    number = _NAMED.get(token) if token else str(given.get("number", "")).replace(" ", "")
    if number not in CARDS:
        raise problems.StripeProblem(
            "Your card number is incorrect.", status=402, type="card_error", code="incorrect_number"
        )
    return make(world, number=number, metadata=params.get("metadata"))


def make(world: World, *, number: str, metadata: object = None) -> Json:
    """Store a card that belongs to nobody yet."""
    card = {
        "id": new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
        "card": {
            "brand": CARDS[number].brand,
            "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
            "country": "US",
            "display_brand": CARDS[number].brand,
            "exp_month": 12,
            "exp_year": 2040,
            "fingerprint": number[-8:],
            "funding": "credit",
            "generated_from": None,
            "last4": number[-4:],
            "networks": {"available": [CARDS[number].brand], "preferred": None},
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        "created": world.now(),
        "customer": None,
        "livemode": False,
        "metadata": merge_metadata(None, metadata),
        "type": "card",
        "_number": number,
    }
    return world.add(card)


def attach(world: World, params: Json, id: str) -> Json:
    """Give a card to a customer. `pm_card_visa` and its like stand for a new card each time."""
    if id.startswith("pm_card_") and id.removeprefix("pm_card_") in _NAMED:
        card = make(world, number=_NAMED[id.removeprefix("pm_card_")])
    else:
        card = world.find("payment_method", id)
    if "customer" not in params:
        raise problems.missing_parameter("customer")
    customer = world.find("customer", params["customer"], param="customer")
    behavior = CARDS[card["_number"]]
    if behavior.decline_code and behavior.fails_at_once:
        raise decline(behavior.decline_code)
    return world.change(card, event="payment_method.attached", customer=customer["id"])


def detach(world: World, _params: Json, id: str) -> Json:
    """Take a card from its customer, who does not pay with it any more."""
    card = world.find("payment_method", id)
    if card["customer"] is None:
        raise problems.StripeProblem(
            "The payment method you provided is not attached to a customer so detachment is impossible."
        )
    customer = world.find("customer", card["customer"], param="customer")
    if customer["invoice_settings"]["default_payment_method"] == id:
        settings = {**customer["invoice_settings"], "default_payment_method": None}
        world.change(customer, event="customer.updated", invoice_settings=settings)
    for subscription in world.store.select("subscription", customer=customer["id"], default_payment_method=id):
        world.change(subscription, event="customer.subscription.updated", default_payment_method=None)
    return world.change(card, event="payment_method.detached", customer=None)


def use_from_now_on(world: World, card: Json, *, customer: Json) -> None:
    """Attach a card and let it pay everything of its customer, as the billing portal does."""
    attach(world, {"customer": customer["id"]}, card["id"])
    settings = {**customer["invoice_settings"], "default_payment_method": card["id"]}
    world.change(customer, event="customer.updated", invoice_settings=settings)
    for subscription in world.store.select("subscription", customer=customer["id"]):
        if subscription["default_payment_method"]:
            world.change(subscription, event="customer.subscription.updated", default_payment_method=card["id"])


def decline_code(world: World, card: Json) -> str | None:
    """Why a charge of this card fails; None when it is paid."""
    if faults.takes(world.store, "card_declined", about="charge"):
        return "generic_decline"
    return CARDS[card["_number"]].decline_code


def decline(code: str, **details: object) -> problems.StripeProblem:
    """The card error for a decline code."""
    return problems.card_declined(
        decline_code=code, code=code if code in _DECLINE_IS_CODE else "card_declined", **details
    )
