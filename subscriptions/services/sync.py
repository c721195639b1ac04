"""What Stripe says is written down: the one way in which anything becomes true here.

Under the lock of its customer an organization is read anew from Stripe, all of it, and written in the same transaction.
What an event carries is not believed, only that there is news. So any event, in whatever order, late, twice or under
another id, leads to the same end; and none at all does, since whoever has been silent for too long is asked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection, transaction

from accounts.models import Organization
from coditect.errors import NotFound
from subscriptions import stripe
from subscriptions.facts import CheckoutFacts, InvoiceFacts, SubscriptionFacts
from subscriptions.models import Checkout, StripeCustomer, Subscription
from subscriptions.services.dunning import next_step
from subscriptions.services.write_checkouts import write_checkout
from subscriptions.services.write_invoices import note_failed_payment, write_invoices
from subscriptions.services.write_subscriptions import write_subscriptions

# A renewal of which nothing was heard so long after it was due, and how long to wait before asking once more.
LATE = timedelta(hours=1)
# Longer than a request may take, since Stripe is asked while the lock is held: others of the same customer wait.
PATIENCE = """
SET LOCAL statement_timeout = '10s';
SET LOCAL lock_timeout = '5s';
SET LOCAL idle_in_transaction_session_timeout = '60s';
"""


class UnknownCustomer(NotFound):
    """None of our organizations is this customer of Stripe's."""

    code = "unknown_customer"
    message = "Stripe tells of a customer that is none of ours."


@dataclass(frozen=True, kw_only=True)
class Hint:
    """What an event says besides that there is news; `at` is when it happened, by Stripe's clock."""

    type: str
    at: datetime
    object_id: str = ""
    facts: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class _Said:
    """All that Stripe says of a customer."""

    subscriptions: Sequence[SubscriptionFacts]
    invoices: Sequence[InvoiceFacts]
    checkouts: Sequence[CheckoutFacts]


def sync_customer(*, organization: Organization, now: datetime) -> None:
    """Write what Stripe says of an organization; nothing, where it has never been at a checkout.

    Raises StripeUnavailable, StripeKnowsNone, PriceUnknown.
    """
    customer = StripeCustomer.objects.for_organization(organization).first()
    if customer is not None:
        synchronize(customer_id=customer.stripe_customer_id, now=now)


@transaction.atomic
def synchronize(*, customer_id: str, now: datetime, hint: Hint | None = None) -> None:
    """Write what Stripe says of a customer, named by its id there.

    Raises UnknownCustomer, StripeUnavailable, StripeKnowsNone for a customer that Stripe does not know (any more), and
    PriceUnknown.
    """
    customer = _lock(customer_id)
    if hint is not None:
        customer.heard_at = max(hint.at, customer.heard_at or hint.at)
    at = max(now, customer.heard_at or now)
    _write(customer, _ask(customer, hint), hint, at=at, now=now)


def _lock(customer_id: str) -> StripeCustomer:
    with connection.cursor() as cursor:
        cursor.execute(PATIENCE)
    # tenancy: Stripe names the organization by the customer
    customers = StripeCustomer.objects.filter(stripe_customer_id=customer_id).select_related("organization")
    customer = customers.select_for_update(no_key=True, of=("self",)).first()
    if customer is None:
        raise UnknownCustomer
    return customer


def _ask(customer: StripeCustomer, hint: Hint | None) -> _Said:
    """Read everything; only now, with the lock had, is it sure to be newer than what is written."""
    checkouts = Checkout.objects.for_organization(customer.organization)
    sessions = set(checkouts.under_way().exclude(stripe_session_id=None).values_list("stripe_session_id", flat=True))
    if hint is not None and hint.type.startswith("checkout."):
        sessions |= set(checkouts.filter(stripe_session_id=hint.object_id).values_list("stripe_session_id", flat=True))
    return _Said(
        subscriptions=stripe.list_subscriptions(customer.stripe_customer_id),
        invoices=stripe.list_invoices(customer.stripe_customer_id),
        checkouts=[stripe.retrieve_checkout(id) for id in sorted(filter(None, sessions))],
    )


def _write(customer: StripeCustomer, said: _Said, hint: Hint | None, *, at: datetime, now: datetime) -> None:
    """`at` is what Stripe's clock says; it goes ahead of ours where a test has moved it."""
    # After the customer's lock, before all others: the lock that whoever opens a checkout takes first.
    organization = Organization.objects.locked().get(pk=customer.organization_id)  # tenancy: the customer's own
    for checkout in said.checkouts:
        write_checkout(organization, checkout, now=now)
    rows = write_subscriptions(organization, said.subscriptions, said.invoices, at=at, now=now)
    write_invoices(organization, said.invoices, rows, now=now)
    if hint is not None and hint.type == "invoice.payment_failed":
        note_failed_payment(organization, hint.object_id, attempt=hint.facts.get("attempt_count"), now=now)
    customer.look_at = _next_look(rows.values(), at=at, now=now)
    customer.save(update_fields=["heard_at", "look_at"])


def _next_look(subscriptions: Iterable[Subscription], *, at: datetime, now: datetime) -> datetime | None:
    """When to ask although nothing was heard: about a renewal that is late, and at each step of dunning."""
    living = [each for each in subscriptions if not each.has_ended]
    due = [step for each in living for step in (each.current_period_end + LATE, next_step(each, at=at)) if step]
    return min((step if step > now else now + LATE for step in due), default=None)
