"""What customers may be told of what they pay for."""

from typing import Annotated, TypedDict

from coditect.journal.catalogue import Id, IdOrNone, Moment, MomentOrNone, PublicEvent

Amount = Annotated[int, "In the currency's smallest unit."]
StatusName = Annotated[
    str,
    {"enum": ["incomplete", "incomplete_expired", "trialing", "active", "past_due", "canceled", "unpaid", "paused"]},
]
InvoiceStatusName = Annotated[str, {"enum": ["draft", "open", "paid", "uncollectible", "void"]}]
WRITE = "subscriptions.services.write_subscriptions.write_subscriptions"


class SubscriptionData(TypedDict):
    """A subscription, as it is right after the event."""

    subscription_id: Id
    plan: str
    tier: str
    price_id: str
    status: StatusName
    seats: int
    current_period_start: Moment
    current_period_end: Moment
    cancel_at_period_end: Annotated[bool, "Whether it ends by itself."]
    trial_end: MomentOrNone
    license_id: Annotated[IdOrNone, "The license whose seats it pays for."]


class PastDueData(SubscriptionData):
    """A subscription behind with its payments."""

    past_due_at: Moment
    grace_ends_at: Annotated[Moment, "When its license is suspended, unless it is paid before."]


class CheckoutData(TypedDict):
    """A checkout that has ended."""

    checkout_id: Id
    session_id: Annotated[str, "As answered when the checkout was opened."]
    price_id: str
    seats: int


class InvoiceData(TypedDict):
    """An invoice, as it is right after the event."""

    invoice_id: Id
    number: str | None
    subscription_id: IdOrNone
    status: InvoiceStatusName
    currency: str
    total: Amount
    amount_due: Amount
    amount_paid: Amount
    period_start: Moment
    period_end: Moment


class PaidData(InvoiceData):
    """An invoice that is paid."""

    paid_at: MomentOrNone


class PaymentFailedData(InvoiceData):
    """An invoice that could not be collected, yet."""

    attempt: Annotated[int, "The how manieth try it was."]
    next_attempt_at: Annotated[MomentOrNone, "When it is tried again; null: not by itself."]


EVENTS = (
    PublicEvent(
        type="subscription.created",
        summary="A subscription has begun.",
        data=SubscriptionData,
        emitted_by=[WRITE],
    ),
    PublicEvent(
        type="subscription.updated",
        summary="A subscription has another price, number of seats, period or end.",
        data=SubscriptionData,
        emitted_by=[WRITE],
    ),
    PublicEvent(
        type="subscription.past_due",
        summary="A payment is due that could not be collected; seats go on until the days of grace are over.",
        data=PastDueData,
        emitted_by=[WRITE],
    ),
    PublicEvent(
        type="subscription.resumed",
        summary="A subscription that was behind with its payments, or paused, is paid again.",
        data=SubscriptionData,
        emitted_by=[WRITE],
    ),
    PublicEvent(
        type="subscription.canceled",
        summary="A subscription has ended.",
        data=SubscriptionData,
        emitted_by=[WRITE],
    ),
    PublicEvent(
        type="checkout.completed",
        summary="A checkout was completed.",
        data=CheckoutData,
        emitted_by=["subscriptions.services.write_checkouts.write_checkout"],
    ),
    PublicEvent(
        type="checkout.expired",
        summary="A checkout was not completed in time, or closed for another one.",
        data=CheckoutData,
        emitted_by=["subscriptions.services.write_checkouts.write_checkout"],
    ),
    PublicEvent(
        type="invoice.paid",
        summary="An invoice is paid.",
        data=PaidData,
        emitted_by=["subscriptions.services.write_invoices.write_invoices"],
    ),
    PublicEvent(
        type="invoice.payment_failed",
        summary="An invoice could not be collected.",
        data=PaymentFailedData,
        emitted_by=[
            "subscriptions.services.write_invoices.write_invoices",
            "subscriptions.services.write_invoices.note_failed_payment",
        ],
    ),
)
