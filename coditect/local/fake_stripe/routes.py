"""Which request does what. What Stripe takes and this stand-in does not know is refused, never passed over."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from coditect.local.fake_stripe import listing, problems
from coditect.local.fake_stripe.resources import (
    cards,
    catalog,
    checkout,
    clocks,
    collection,
    customers,
    endpoints,
    invoices,
    portal,
    subscriptions,
)
from coditect.local.fake_stripe.store import Json
from coditect.local.fake_stripe.world import World

Handler = Callable[..., Json]


@dataclass(frozen=True)
class Route:
    """A method and path, the package's description of its parameters, and which of those are carried out."""

    method: str
    pattern: re.Pattern[str]
    params: str
    handler: Handler
    known: frozenset[str] | None


def _route(method: str, path: str, params: str, handler: Handler, known: str | None = None) -> Route:
    pattern = re.compile("/v1/" + re.sub(r"\{\w+\}", r"([\\w.-]+)", path))
    words = frozenset({"expand", *known.split()}) if known is not None else None
    return Route(method, pattern, f"{params}_params", handler, words)


def _retrieve(kind: str) -> Handler:
    def retrieve(world: World, _params: Json, id: str) -> Json:
        return world.find(kind, id)

    return retrieve


def _list(kind: str, path: str) -> Handler:
    def list_page(world: World, params: Json) -> Json:
        return listing.page(world, params, kind=kind, url=f"/v1/{path}")

    return list_page


def _readable(path: str, params: str, kind: str) -> list[Route]:
    return [
        _route("GET", path, f"{params}_list", _list(kind, path)),
        _route("GET", path + "/{id}", f"{params}_retrieve", _retrieve(kind)),
    ]


def _customer_cards(world: World, params: Json, id: str) -> Json:
    world.find("customer", id)
    return listing.page(
        world, {**params, "customer": id}, kind="payment_method", url=f"/v1/customers/{id}/payment_methods"
    )


def _finalize(world: World, _params: Json, id: str) -> Json:
    return invoices.finalize(world, world.find("invoice", id))


def _void(world: World, _params: Json, id: str) -> Json:
    return invoices.void(world, world.find("invoice", id))


_CUSTOMER = "description email name phone address metadata"
_SUBSCRIPTION = (
    "items metadata default_payment_method payment_behavior proration_behavior cancel_at cancel_at_period_end"
    " description trial_end trial_settings off_session"
)

ROUTES = [
    _route(
        "POST", "products", "_product_create", catalog.create_product, "id name active description metadata unit_label"
    ),
    _route("POST", "products/{id}", "_product_update", catalog.update_product, "name active description metadata"),
    *_readable("products", "_product", "product"),
    _route(
        "POST",
        "prices",
        "_price_create",
        catalog.create_price,
        "active currency lookup_key metadata nickname product recurring unit_amount",
    ),
    _route("POST", "prices/{id}", "_price_update", catalog.update_price, "active lookup_key metadata nickname"),
    *_readable("prices", "_price", "price"),
    _route("POST", "customers", "_customer_create", customers.create, f"{_CUSTOMER} balance test_clock"),
    _route("POST", "customers/{id}", "_customer_update", customers.update, f"{_CUSTOMER} balance invoice_settings"),
    _route("DELETE", "customers/{id}", "_customer_delete", customers.delete),
    _route("GET", "customers/{id}/payment_methods", "_customer_payment_method_list", _customer_cards),
    *_readable("customers", "_customer", "customer"),
    _route("POST", "payment_methods", "_payment_method_create", cards.create, "type card metadata"),
    _route("POST", "payment_methods/{id}/attach", "_payment_method_attach", cards.attach, "customer"),
    _route("POST", "payment_methods/{id}/detach", "_payment_method_detach", cards.detach),
    *_readable("payment_methods", "_payment_method", "payment_method"),
    _route(
        "POST",
        "checkout/sessions",
        "checkout._session_create",
        checkout.create,
        "mode line_items success_url cancel_url customer customer_email client_reference_id metadata subscription_data"
        " expires_at allow_promotion_codes billing_address_collection locale payment_method_collection",
    ),
    _route("POST", "checkout/sessions/{id}/expire", "checkout._session_expire", checkout.expire),
    _route("POST", "checkout/sessions/{id}", "checkout._session_update", checkout.update, "metadata"),
    _route("GET", "checkout/sessions/{id}/line_items", "checkout._session_list_line_items", checkout.list_line_items),
    *_readable("checkout/sessions", "checkout._session", "checkout.session"),
    _route(
        "POST", "billing_portal/sessions", "billing_portal._session_create", portal.create, "customer return_url locale"
    ),
    _route(
        "POST",
        "subscriptions",
        "_subscription_create",
        subscriptions.create,
        f"customer trial_period_days {_SUBSCRIPTION}",
    ),
    _route("POST", "subscriptions/{id}/resume", "_subscription_resume", subscriptions.resume, ""),
    _route(
        "POST",
        "subscriptions/{id}",
        "_subscription_update",
        subscriptions.update,
        f"{_SUBSCRIPTION} proration_date billing_cycle_anchor cancellation_details",
    ),
    _route(
        "DELETE",
        "subscriptions/{id}",
        "_subscription_cancel",
        subscriptions.cancel,
        "cancellation_details invoice_now prorate",
    ),
    *_readable("subscriptions", "_subscription", "subscription"),
    _route("POST", "invoices/{id}/pay", "_invoice_pay", collection.pay, "payment_method off_session"),
    _route("POST", "invoices/{id}/finalize", "_invoice_finalize_invoice", _finalize, ""),
    _route("POST", "invoices/{id}/void", "_invoice_void_invoice", _void, ""),
    *_readable("invoices", "_invoice", "invoice"),
    *_readable("invoice_payments", "_invoice_payment", "invoice_payment"),
    *_readable("invoiceitems", "_invoice_item", "invoiceitem"),
    *_readable("payment_intents", "_payment_intent", "payment_intent"),
    *_readable("charges", "_charge", "charge"),
    *_readable("events", "_event", "event"),
    _route(
        "POST",
        "webhook_endpoints",
        "_webhook_endpoint_create",
        endpoints.create,
        "url enabled_events api_version description metadata",
    ),
    _route(
        "POST",
        "webhook_endpoints/{id}",
        "_webhook_endpoint_update",
        endpoints.update,
        "url enabled_events description disabled metadata",
    ),
    _route("DELETE", "webhook_endpoints/{id}", "_webhook_endpoint_delete", endpoints.delete),
    *_readable("webhook_endpoints", "_webhook_endpoint", "webhook_endpoint"),
    _route("POST", "test_helpers/test_clocks", "test_helpers._test_clock_create", clocks.create),
    _route("POST", "test_helpers/test_clocks/{id}/advance", "test_helpers._test_clock_advance", clocks.advance),
    _route("DELETE", "test_helpers/test_clocks/{id}", "test_helpers._test_clock_delete", clocks.delete),
    *_readable("test_helpers/test_clocks", "test_helpers._test_clock", "test_helpers.test_clock"),
]


def find(method: str, path: str) -> tuple[Route, tuple[str, ...]]:
    """Return the route and the ids in the path. Raises StripeProblem for an address that Stripe, or we, do not know."""
    for route in ROUTES:
        match = route.pattern.fullmatch(path)
        if match and route.method == method:
            return route, match.groups()
    raise problems.StripeProblem(
        f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we can help at "
        "https://support.stripe.com/.",
        status=404,
    )


def check_known(route: Route, params: Json) -> None:
    """Raise StripeProblem for what Stripe would carry out and we do not."""
    if route.known is not None:
        for name in params:
            if name not in route.known:
                raise problems.not_supported(f"the parameter {name}", param=name)
