"""Stripe is asked without having told anything: where an event never came, or never will."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from subscriptions.models import StripeCustomer, Subscription
from subscriptions.services.sync import LATE, UnknownCustomer, synchronize
from subscriptions.stripe import StripeKnowsNone

logger = logging.getLogger(__name__)
CUSTOMERS_PER_RUN = 50
FAILURES_PER_RUN = 3
Clock = Callable[[], datetime]


@dataclass
class Reconciled:
    """What came of it, by Stripe's ids of customers and of subscriptions."""

    looked_at: int = 0
    changed: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)


def look_after_customers(*, clock: Clock) -> int:
    """Ask about those whose renewal is late or whose days of grace run; return how many there were.

    One that cannot be asked about now waits for an hour: nobody loses seats because Stripe is away.
    """
    # tenancy: the worker looks after every organization
    due = list(StripeCustomer.objects.due(at=clock())[:CUSTOMERS_PER_RUN])
    found = Reconciled()
    for customer in due:
        _look_at(customer, found, now=clock())
        if len(found.failed) == FAILURES_PER_RUN:
            break
    return found.looked_at


def reconcile(*, clock: Clock) -> Reconciled:
    """Ask about everybody. Whom Stripe does not know is told of, and left as it is."""
    found = Reconciled()
    # tenancy: the staff of the service repairs every organization
    for customer in StripeCustomer.objects.order_by("created_at", "pk").iterator():
        _look_at(customer, found, now=clock())
    return found


def _look_at(customer: StripeCustomer, found: Reconciled, *, now: datetime) -> None:
    before = _state_of(customer)
    found.looked_at += 1
    try:
        synchronize(customer_id=customer.stripe_customer_id, now=now)
    except (StripeKnowsNone, UnknownCustomer):
        # Deleted there, or of another account: a database that was copied, a key that was exchanged.
        found.unknown.append(customer.stripe_customer_id)
    except Exception as error:  # noqa: BLE001 (whatever went wrong with one, the others must be looked at)
        logger.warning("customer %s was not synchronized: %s", customer.stripe_customer_id, type(error).__name__)
        found.failed.append((customer.stripe_customer_id, type(error).__name__))
    else:
        if _state_of(customer) != before:
            found.changed.append(customer.stripe_customer_id)
        return
    StripeCustomer.objects.for_organization(customer.organization).filter(look_at__lte=now).update(look_at=now + LATE)


def _state_of(customer: StripeCustomer) -> list[dict[str, object]]:
    """All that a person would call a change."""
    subscriptions = Subscription.objects.for_organization(customer.organization).order_by("pk")
    license_fields = ("license__status", "license__max_seats", "license__expires_at", "license__tier")
    own = [field.attname for field in Subscription._meta.concrete_fields if field.name != "synced_at"]
    return list(subscriptions.values(*own, *license_fields))
