"""What Stripe says of invoices is written down."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from accounts.models import Organization
from coditect.journal.catalogue import moment, moment_or_none
from subscriptions.events import InvoiceData, PaidData, PaymentFailedData
from subscriptions.facts import InvoiceFacts
from subscriptions.models import Invoice, Subscription
from subscriptions.services.effects import record_once

PAID, FAILED = "invoice.paid", "invoice.payment_failed"


def write_invoices(
    organization: Organization,
    said: Sequence[InvoiceFacts],
    subscriptions: Mapping[str, Subscription],
    *,
    now: datetime,
) -> None:
    """Write every invoice that is new or has changed, and tell of what was paid and what failed."""
    known = {invoice.stripe_invoice_id: invoice for invoice in Invoice.objects.for_organization(organization)}
    for facts in reversed(said):
        subscription = subscriptions.get(facts.subscription_id or "")
        _write(organization, known.get(facts.id), facts, subscription, now=now)


def note_failed_payment(organization: Organization, stripe_invoice_id: str, *, attempt: object, now: datetime) -> None:
    """Tell of a payment that failed, although it may have been made since: that it failed is still so."""
    invoice = Invoice.objects.for_organization(organization).filter(stripe_invoice_id=stripe_invoice_id).first()
    if invoice is not None and isinstance(attempt, int):
        _tell_of_failure(invoice, attempt=attempt, now=now)


def _write(
    organization: Organization,
    invoice: Invoice | None,
    facts: InvoiceFacts,
    subscription: Subscription | None,
    *,
    now: datetime,
) -> None:
    values = _values(facts) | {"subscription_id": subscription.pk if subscription else None}
    if invoice is None:
        invoice = Invoice(organization=organization, stripe_invoice_id=facts.id)
    elif all(getattr(invoice, name) == value for name, value in values.items()):
        return
    for name, value in values.items():
        setattr(invoice, name, value)
    invoice.synced_at = now
    invoice.save()
    if facts.status == Invoice.Status.PAID:
        data = PaidData(**_describe(invoice), paid_at=moment_or_none(invoice.paid_at))
        record_once(facts.id, PAID, invoice, at=now, organization_id=organization.pk, data=data)
    elif facts.status == Invoice.Status.OPEN and facts.attempt_count:
        _tell_of_failure(invoice, attempt=facts.attempt_count, now=now)


def _tell_of_failure(invoice: Invoice, *, attempt: int, now: datetime) -> None:
    next_attempt_at = moment_or_none(invoice.next_attempt_at)
    data = PaymentFailedData(**_describe(invoice), attempt=attempt, next_attempt_at=next_attempt_at)
    key = f"{invoice.stripe_invoice_id}:{attempt}"
    record_once(key, FAILED, invoice, at=now, organization_id=invoice.organization_id, data=data)


def _values(facts: InvoiceFacts) -> dict[str, Any]:
    same = (
        *("number", "status", "reason", "currency", "total", "amount_due", "amount_paid", "attempt_count"),
        *("next_attempt_at", "period_start", "period_end", "hosted_url", "pdf_url", "created_at", "paid_at"),
    )
    return {name: getattr(facts, name) for name in same}


def _describe(invoice: Invoice) -> InvoiceData:
    return {
        "invoice_id": str(invoice.pk),
        "number": invoice.number or None,
        "subscription_id": str(invoice.subscription_id) if invoice.subscription_id else None,
        "status": invoice.status,
        "currency": invoice.currency,
        "total": invoice.total,
        "amount_due": invoice.amount_due,
        "amount_paid": invoice.amount_paid,
        "period_start": moment(invoice.period_start),
        "period_end": moment(invoice.period_end),
    }
