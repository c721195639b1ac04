"""Stripe, as far as we ask anything of it; nothing else imports its package.

Every function raises StripeUnavailable, StripeRefused, or StripeKnowsNone. Those that change something take an
idempotency key: asked again with the same key and the same values, Stripe does nothing and answers as before.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from http import HTTPStatus
from typing import Any

import stripe
from django.conf import settings

from coditect.errors import Conflict, NotFound, Unavailable
from subscriptions.facts import CheckoutFacts, InvoiceFacts, Json, SubscriptionFacts

# The shapes that facts.py reads. Another one is chosen together with a new release of the package, never by it.
API_VERSION = "2026-10-28.endive"
# To connect, and to wait for an answer.
TIMEOUT_SECONDS = (2, 10)
PAGE = 100
REPLAYED = "idempotent-replayed"
logger = logging.getLogger(__name__)


class StripeUnavailable(Unavailable):
    """No answer, or none that says what was done: ask again, with the same key.

    `is_final`: whoever asks with this key hears the same again, so that another one is needed.
    """

    code = "stripe_unavailable"
    message = "The payment provider cannot be reached. Nothing was changed; try again shortly."

    def __init__(self, *, is_final: bool = False) -> None:
        super().__init__()
        self.is_final = is_final


class StripeRefused(Conflict):
    """Stripe did not do what was asked."""

    code = "payment_provider_refused"
    message = "The payment provider refused this. Nothing was changed."


class PaymentDeclined(StripeRefused):
    """The card could not be charged. The details give the `reason`, in Stripe's words."""

    code = "payment_declined"
    message = "The payment was declined, and nothing was changed. Enter another card in the billing portal."


class StripeKnowsNone(NotFound):
    """Stripe has nothing of that id: it was deleted, or belongs to another account."""

    code = "unknown_to_payment_provider"
    message = "The payment provider does not know this."


class _Http(stripe.RequestsClient):
    """The usual way. No redirect is followed: Stripe sends none, and the key would go wherever another one led."""

    def __init__(self) -> None:
        super().__init__(timeout=TIMEOUT_SECONDS)
        self._session = self.requests.Session()
        self._session.max_redirects = 0


class _Connection:
    """How Stripe is reached: over HTTP, unless a test gives it something else."""

    transport: stripe.HTTPClient | None = None


def talk_through(transport: stripe.HTTPClient | None) -> None:
    """Reach Stripe in another way from now on; None is the usual one."""
    _Connection.transport = transport


def create_customer(params: Mapping[str, Any], *, key: str) -> str:
    """Make a customer; its id."""
    with _asking():
        return _client().v1.customers.create(_as_sent(params), {"idempotency_key": key}).id


def create_checkout(params: Mapping[str, Any], *, key: str) -> CheckoutFacts:
    """Open a checkout session."""
    with _asking():
        return CheckoutFacts.read(
            _client().v1.checkout.sessions.create(_as_sent(params), {"idempotency_key": key}).to_dict()
        )


def retrieve_checkout(id: str) -> CheckoutFacts:
    """A checkout session as it is."""
    with _asking():
        return CheckoutFacts.read(_client().v1.checkout.sessions.retrieve(id).to_dict())


def expire_checkout(id: str) -> CheckoutFacts:
    """Close a checkout session, so that nobody can pay it. One that is not open any more is refused."""
    with _asking():
        return CheckoutFacts.read(_client().v1.checkout.sessions.expire(id).to_dict())


def retrieve_subscription(id: str) -> SubscriptionFacts:
    """A subscription as it is."""
    with _asking():
        return SubscriptionFacts.read(_client().v1.subscriptions.retrieve(id).to_dict())


def list_subscriptions(customer_id: str) -> list[SubscriptionFacts]:
    """All that a customer ever had, the newest first."""
    with _asking():
        return [SubscriptionFacts.read(each) for each in _all("/v1/subscriptions", customer=customer_id, status="all")]


def update_subscription(id: str, params: Mapping[str, Any], *, key: str) -> SubscriptionFacts:
    """Change a subscription. Raises PaymentDeclined, too."""
    with _asking():
        changed = _client().v1.subscriptions.update(id, _as_sent(params), {"idempotency_key": key})
        return SubscriptionFacts.read(changed.to_dict())


def cancel_subscription(id: str, *, key: str) -> SubscriptionFacts:
    """End a subscription now, without giving money back."""
    with _asking():
        return SubscriptionFacts.read(_client().v1.subscriptions.cancel(id, {}, {"idempotency_key": key}).to_dict())


def resume_subscription(id: str, *, key: str) -> SubscriptionFacts:
    """Take up a paused subscription: a new period begins and is charged. Raises PaymentDeclined, too."""
    with _asking():
        return SubscriptionFacts.read(_client().v1.subscriptions.resume(id, {}, {"idempotency_key": key}).to_dict())


def create_portal_session(customer_id: str, *, return_url: str) -> str:
    """The address of a page where the customer can change cards, cancel, and see invoices, for a few minutes."""
    with _asking():
        return _client().v1.billing_portal.sessions.create({"customer": customer_id, "return_url": return_url}).url


def retrieve_invoice(id: str) -> InvoiceFacts:
    """An invoice as it is."""
    with _asking():
        return InvoiceFacts.read(_client().v1.invoices.retrieve(id).to_dict())


def list_invoices(customer_id: str) -> list[InvoiceFacts]:
    """All invoices of a customer, the newest first."""
    with _asking():
        return [InvoiceFacts.read(each) for each in _all("/v1/invoices", customer=customer_id)]


def _all(path: str, **params: str) -> Iterator[Json]:
    """Page after page, as JSON: making the package's objects of it takes longer than asking does."""
    cursor: dict[str, str] = {}
    while True:
        page = _client().raw_request("get", path, **params, **cursor, limit=PAGE).data
        yield from page["data"]
        if not page["has_more"]:
            return
        cursor = {"starting_after": page["data"][-1]["id"]}


def _client() -> stripe.StripeClient:
    if not settings.STRIPE_SECRET_KEY:
        raise StripeUnavailable
    return _client_of(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, _Connection.transport)


@cache
def _client_of(key: str, base: str, transport: stripe.HTTPClient | None) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        stripe_version=API_VERSION,
        base_addresses={"api": base},
        http_client=transport or _Http(),
        # Whoever asked asks again; a request must not take several time-outs.
        max_network_retries=0,
    )


def _as_sent(params: Mapping[str, Any]) -> Any:
    """Parameters in one order: those that come out of a row again have lost theirs, and must be the same request."""
    return json.loads(json.dumps(params, sort_keys=True))


@contextmanager
def _asking() -> Iterator[None]:
    """Turn Stripe's errors into ours. Never their text, not as a cause in a log either: it may quote what was sent."""
    try:
        yield
    except stripe.CardError as error:
        raise PaymentDeclined(reason=_decline_code(error)) from None
    except stripe.InvalidRequestError as error:
        if error.code == "resource_missing":
            raise StripeKnowsNone(param=str(error.param or "")) from None
        _log(error)
        raise StripeRefused from None
    except stripe.IdempotencyError as error:
        _log(error)
        # A twin of the request still runs, or it came with other values before: the latter would be a defect of ours.
        raise (StripeUnavailable if error.http_status == HTTPStatus.CONFLICT else StripeRefused) from None
    except stripe.StripeError as error:
        _log(error)
        raise StripeUnavailable(is_final=_is_replay(error)) from None


def _decline_code(error: stripe.CardError) -> str:
    found = getattr(error.error, "decline_code", None) or error.code
    return str(found or "card_declined")


def _is_replay(error: stripe.StripeError) -> bool:
    """Whether Stripe has kept this failure under the key, as it does with an error of its own."""
    return {name.lower(): value for name, value in (error.headers or {}).items()}.get(REPLAYED) == "true"


def _log(error: stripe.StripeError) -> None:
    logger.warning(
        "Stripe: %s, status %s, code %s, param %s, request %s",
        type(error).__name__,
        error.http_status,
        error.code,
        getattr(error, "param", None),
        error.request_id,
    )
