"""What the endpoints of plans and subscriptions answer, as types; the tests hold the server to them."""

from datetime import datetime
from typing import Annotated, Literal, TypedDict
from uuid import UUID

Count = Annotated[int, {"minimum": 0}]
Status = Annotated[
    Literal["incomplete", "incomplete_expired", "trialing", "active", "past_due", "unpaid", "paused", "canceled"],
    "As at Stripe. Seats are there while it is `trialing` or `active`, and for 7 days of grace while `past_due`.",
]
PriceId = Annotated[str, "What a checkout and a change of plan take."]


class PriceBody(TypedDict):
    """What a seat costs."""

    price_id: PriceId
    interval: Literal["month", "year"]
    unit_amount: Annotated[int, "Of one seat for one interval, in the currency's smallest unit.", {"minimum": 0}]
    currency: Annotated[str, "ISO 4217, in small letters."]


class PlanBody(TypedDict):
    """A plan on offer."""

    id: str
    name: str
    tier: Annotated[str, "That of the licenses it gives."]
    description: str
    features: list[str]
    min_seats: Annotated[int, {"minimum": 1}]
    max_seats: Annotated[int | None, "null: no limit."]
    prices: Annotated[list[PriceBody], "None: it is free, or a matter of talking to us."]


class SubscriptionBody(TypedDict):
    """A subscription."""

    id: UUID
    plan: str
    tier: str
    status: Status
    seats: Count
    price_id: str
    current_period_start: datetime
    current_period_end: datetime
    cancel_at_period_end: Annotated[bool, "Whether it ends by itself, unless resumed."]
    trial_end: datetime | None
    license_id: Annotated[UUID | None, "The license that holds the seats; null until the first payment is known."]


class CurrentPlanBody(TypedDict):
    """What an organization has: a subscription, or the free plan, of which what is paid is null."""

    id: UUID | None
    plan: str
    tier: str
    status: Status
    seats: Count
    price_id: str | None
    current_period_start: datetime | None
    current_period_end: datetime | None
    cancel_at_period_end: Annotated[bool, "Whether it ends by itself, unless resumed."]
    trial_end: datetime | None
    license_id: Annotated[UUID | None, "The license that holds the seats."]


class CheckoutBody(TypedDict):
    """A page to pay at."""

    session_id: Annotated[str, "Stripe's id of the checkout session."]
    checkout_url: Annotated[str, "Where to send the browser. It can be paid for 24 hours."]


class PortalBody(TypedDict):
    """A page to manage billing at."""

    portal_url: Annotated[str, "Where to send the browser, within a few minutes."]


class InvoiceBody(TypedDict):
    """A bill; amounts are in the currency's smallest unit."""

    id: UUID
    number: Annotated[str | None, "null while it is a draft."]
    subscription_id: UUID | None
    status: Literal["draft", "open", "paid", "uncollectible", "void"]
    currency: str
    total: Annotated[int, "Below zero where more is credited than charged."]
    amount_due: int
    amount_paid: int
    period_start: datetime
    period_end: datetime
    hosted_invoice_url: Annotated[str | None, "Where it can be looked at and paid."]
    invoice_pdf: str | None
    created_at: datetime
    paid_at: datetime | None
