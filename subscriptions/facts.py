"""What Stripe says, as values of ours: the one place that knows the shapes of the API version we speak.

Since `2025-03-31.basil` a subscription's period stands on its items, and an invoice names its subscription in `parent`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class SubscriptionFacts:
    """A subscription; `price_id` and all other ids are Stripe's."""

    id: str
    customer_id: str
    item_id: str
    price_id: str
    quantity: int
    status: str
    period_start: datetime
    period_end: datetime
    cancel_at_period_end: bool
    cancel_at: datetime | None
    canceled_at: datetime | None
    ended_at: datetime | None
    trial_end: datetime | None
    created_at: datetime
    latest_invoice_id: str | None

    @classmethod
    def read(cls, data: Json) -> "SubscriptionFacts":
        """From Stripe's JSON. What we sell has one item."""
        item = data["items"]["data"][0]
        return cls(
            id=data["id"],
            customer_id=_id(data["customer"]) or "",
            item_id=item["id"],
            price_id=item["price"]["id"],
            quantity=item["quantity"],
            status=data["status"],
            period_start=moment(item["current_period_start"]),
            period_end=moment(item["current_period_end"]),
            cancel_at_period_end=data["cancel_at_period_end"],
            cancel_at=_moment(data["cancel_at"]),
            canceled_at=_moment(data["canceled_at"]),
            ended_at=_moment(data["ended_at"]),
            trial_end=_moment(data["trial_end"]),
            created_at=moment(data["created"]),
            latest_invoice_id=_id(data["latest_invoice"]),
        )


@dataclass(frozen=True, kw_only=True)
class CheckoutFacts:
    """A checkout session; `status` is open, complete or expired, and `url` there only while it is open."""

    id: str
    status: str
    url: str
    customer_id: str | None
    subscription_id: str | None
    expires_at: datetime

    @classmethod
    def read(cls, data: Json) -> "CheckoutFacts":
        """From Stripe's JSON."""
        return cls(
            id=data["id"],
            status=data["status"],
            url=data["url"] or "",
            customer_id=_id(data["customer"]),
            subscription_id=_id(data["subscription"]),
            expires_at=moment(data["expires_at"]),
        )


@dataclass(frozen=True, kw_only=True)
class InvoiceFacts:
    """An invoice; amounts are in the currency's smallest unit."""

    id: str
    customer_id: str
    subscription_id: str | None
    number: str
    status: str
    reason: str
    currency: str
    total: int
    amount_due: int
    amount_paid: int
    attempt_count: int
    next_attempt_at: datetime | None
    period_start: datetime
    period_end: datetime
    hosted_url: str
    pdf_url: str
    created_at: datetime
    finalized_at: datetime | None
    paid_at: datetime | None

    @classmethod
    def read(cls, data: Json) -> "InvoiceFacts":
        """From Stripe's JSON."""
        about = (data["parent"] or {}).get("subscription_details") or {}
        return cls(
            id=data["id"],
            customer_id=_id(data["customer"]) or "",
            subscription_id=_id(about.get("subscription")),
            number=data["number"] or "",
            status=data["status"] or "draft",
            reason=data["billing_reason"] or "",
            currency=data["currency"],
            total=data["total"],
            amount_due=data["amount_due"],
            amount_paid=data["amount_paid"],
            attempt_count=data["attempt_count"],
            next_attempt_at=_moment(data["next_payment_attempt"]),
            period_start=moment(data["period_start"]),
            period_end=moment(data["period_end"]),
            hosted_url=data.get("hosted_invoice_url") or "",
            pdf_url=data.get("invoice_pdf") or "",
            created_at=moment(data["created"]),
            finalized_at=_moment(data["status_transitions"]["finalized_at"]),
            paid_at=_moment(data["status_transitions"]["paid_at"]),
        )


def moment(seconds: int) -> datetime:
    """A time from Stripe's seconds since the epoch."""
    return datetime.fromtimestamp(seconds, tz=UTC)


def _moment(seconds: int | None) -> datetime | None:
    return moment(seconds) if seconds else None


def _id(reference: Any) -> str | None:
    """The id of what is named by it, or stands there in full."""
    found = reference["id"] if isinstance(reference, Mapping) else reference
    return found or None
