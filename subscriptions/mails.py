"""What the mails of billing show, looked up when they are written."""

from datetime import datetime, timedelta

from accounts.models import Membership, Role
from coditect.journal.mails import Composer, Context
from coditect.journal.models import Mail
from licenses.models import License
from subscriptions.models import Invoice, Subscription
from subscriptions.services.dunning import GRACE, REMINDERS, is_latest

ZERO_DECIMAL = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf"]
)


def compose_reminder(mail: Mail, _now: datetime) -> Context | None:
    """What is due and until when; nothing where it was paid meanwhile, or a later reminder goes out with this one."""
    # tenancy: the worker writes the mails of every organization
    found = Subscription.objects.filter(pk=mail.ids["subscription_id"]).select_related(
        "organization", "price__plan", "license"
    )
    subscription = found.first()
    if subscription is None or subscription.past_due_at is None or not is_latest(subscription, mail.template):
        return None
    readers = Membership.objects.for_organization(subscription.organization)
    reader = readers.filter(role=Role.OWNER, user__is_active=True, user__email=mail.to).first()
    if reader is None:
        return None
    invoices = Invoice.objects.for_organization(subscription.organization).filter(status=Invoice.Status.OPEN)
    invoice = invoices.order_by("created_at").first()
    days_left = (GRACE - REMINDERS[mail.template]) // timedelta(days=1)
    return {
        "name": reader.user.full_name,
        "organization": subscription.organization.name,
        "plan": subscription.price.plan.name,
        "seats": str(subscription.seats),
        "seats_plural": "" if subscription.seats == 1 else "s",
        "until": f"{subscription.past_due_at + GRACE:%d %B %Y, %H:%M} UTC",
        "days_left": str(days_left),
        "days_plural": "" if days_left == 1 else "s",
        "is_suspended": "yes" if _is_suspended(subscription) else "",
        "number": invoice.number if invoice else "",
        "amount": _amount(invoice) if invoice else "",
        "url": invoice.hosted_url if invoice else "",
    }


def _is_suspended(subscription: Subscription) -> bool:
    """Whether the grace ended before the mail was written: after an outage, or where a test clock has leapt."""
    return subscription.license is not None and License.Hold.BILLING in subscription.license.holds


def _amount(invoice: Invoice) -> str:
    currency = invoice.currency.lower()
    number = str(invoice.amount_due) if currency in ZERO_DECIMAL else f"{invoice.amount_due / 100:.2f}"
    return f"{number} {currency.upper()}"


COMPOSERS: dict[str, Composer] = dict.fromkeys(REMINDERS, compose_reminder)
