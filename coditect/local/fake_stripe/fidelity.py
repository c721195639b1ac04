"""Holds what is answered against the types of Stripe's own package: no unknown field, no missing one, no wrong type."""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from coditect.local.fake_stripe.shapes import ANY, NULL, Choice, ListOf, MapOf, OneOf, Scalar, Shape, Struct, fields_of

RESOURCES = {
    "billing_portal.session": Struct("stripe.billing_portal._session", "Session"),
    "charge": Struct("stripe._charge", "Charge"),
    "checkout.session": Struct("stripe.checkout._session", "Session"),
    "customer": Struct("stripe._customer", "Customer"),
    "event": Struct("stripe._event", "Event"),
    "invoice": Struct("stripe._invoice", "Invoice"),
    "invoice_payment": Struct("stripe._invoice_payment", "InvoicePayment"),
    "invoiceitem": Struct("stripe._invoice_item", "InvoiceItem"),
    "item": Struct("stripe._line_item", "LineItem"),
    "line_item": Struct("stripe._invoice_line_item", "InvoiceLineItem"),
    "payment_intent": Struct("stripe._payment_intent", "PaymentIntent"),
    "payment_method": Struct("stripe._payment_method", "PaymentMethod"),
    "price": Struct("stripe._price", "Price"),
    "product": Struct("stripe._product", "Product"),
    "subscription": Struct("stripe._subscription", "Subscription"),
    "subscription_item": Struct("stripe._subscription_item", "SubscriptionItem"),
    "test_helpers.test_clock": Struct("stripe.test_helpers._test_clock", "TestClock"),
    "webhook_endpoint": Struct("stripe._webhook_endpoint", "WebhookEndpoint"),
}
_PYTHON: dict[str, type | tuple[type, ...]] = {"str": str, "int": int, "bool": bool, "float": (int, float)}
_PAGE_FIELDS = {"object", "data", "has_more", "url"}
_DELETED_FIELDS = {"id", "object", "deleted"}


def complaints(answer: dict[str, Any]) -> Iterator[str]:
    """Yield a sentence for each difference between an object or list and its description."""
    name = str(answer.get("object"))
    if name == "list":
        for place, item in enumerate(answer["data"]):
            for complaint in complaints(item):
                yield f"data[{place}]: {complaint}"
        yield from _page(answer, at="list")
    elif name not in RESOURCES:
        yield f"{name} is no resource known here."
    elif answer.get("deleted") is True:
        if set(answer) != _DELETED_FIELDS:
            yield f"{name}: a deleted object has the fields {sorted(answer)}."
    else:
        yield from _struct(RESOURCES[name], answer, at=name)
        if name == "event":
            yield from complaints(answer["data"]["object"])


def _struct(struct: Struct, value: dict[str, Any], *, at: str) -> Iterator[str]:
    fields = fields_of(struct)
    yield from (f"{at}.{name} is unknown." for name in value if name not in fields)
    for name, field in fields.items():
        if name in value:
            yield from _check(field.shape, value[name], at=f"{at}.{name}")
        elif field.is_required:
            yield f"{at}.{name} is missing."


def _page(value: dict[str, Any], *, at: str) -> Iterator[str]:
    if set(value) != _PAGE_FIELDS:
        yield f"{at} has the fields {sorted(value)}."


def _check(shape: Shape, value: Any, *, at: str) -> Iterator[str]:
    if shape == ANY:
        return
    if isinstance(shape, OneOf):
        yield from _check_union(shape, value, at=at)
    elif isinstance(shape, Struct):
        yield from _struct(shape, value, at=at) if isinstance(value, dict) else [f"{at} is no object: {value!r}."]
    elif isinstance(shape, ListOf):
        yield from _check_list(shape, value, at=at)
    elif isinstance(shape, MapOf):
        if not isinstance(value, dict):
            yield f"{at} is no object: {value!r}."
        else:
            for name, item in value.items():
                yield from _check(shape.item, item, at=f"{at}.{name}")
    elif not _is_plain(shape, value):
        yield f"{at} is {value!r}, not {shape.values if isinstance(shape, Choice) else shape.name}."


def _check_list(shape: ListOf, value: Any, *, at: str) -> Iterator[str]:
    items = value
    if shape.is_page:
        items = value.get("data") if isinstance(value, dict) else None
        if isinstance(items, list):
            yield from _page(value, at=at)
    if not isinstance(items, list):
        yield f"{at} is no list: {value!r}."
        return
    for place, item in enumerate(items):
        yield from _check(shape.item, item, at=f"{at}[{place}]")


def _check_union(shape: OneOf, value: Any, *, at: str) -> Iterator[str]:
    """Take the option with the fewest complaints for what was meant."""
    options = shape.options
    words = [option for option in options if isinstance(option, Choice)]
    if words:
        # `str` beside words is for words to come.
        options = tuple(option for option in options if option != Scalar("str"))
    if isinstance(value, dict):
        # Expanded: it is to be judged as the object that it stands for.
        options = tuple(option for option in options if not isinstance(option, Scalar | Choice)) or options
    found = [list(_check(option, value, at=at)) for option in options]
    yield from min(found, key=len)


def _is_plain(shape: Scalar | Choice, value: Any) -> bool:
    if isinstance(shape, Choice):
        return value in shape.values
    if shape == NULL:
        return value is None
    if shape.name == "Decimal":
        return isinstance(value, str) and _is_decimal(value)
    wanted = _PYTHON.get(shape.name)
    is_bool_for_number = isinstance(value, bool) and shape.name != "bool"
    return wanted is not None and isinstance(value, wanted) and not is_bool_for_number


def _is_decimal(value: str) -> bool:
    try:
        Decimal(value)
    except InvalidOperation:
        return False
    return True
