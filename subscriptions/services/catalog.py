"""What is for sale changes; who had it before keeps it."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from coditect.journal.services import new_event, record_events
from subscriptions.models import Plan, Price

# The journal knows things by UUIDs; those of what is for sale come from their names.
FOR_SALE = uuid.UUID("0197a3c6-8a54-7c7e-9d35-3f5a4f6f2a11")


@transaction.atomic
def keep_plan(plan: Plan, *, changed: Sequence[str], now: datetime) -> None:
    """Keep a new or changed plan, and write down what changed."""
    plan.save()
    _record("plan.changed", plan, changed, now=now)


@transaction.atomic
def keep_price(price: Price, *, changed: Sequence[str], now: datetime) -> None:
    """Keep a new or changed price, and write down what changed."""
    price.save()
    _record("price.changed", price, changed, now=now)


def _record(event_type: str, subject: Plan | Price, changed: Sequence[str], *, now: datetime) -> None:
    if not changed:
        return
    values = {name: str(getattr(subject, name)) for name in changed}
    event = new_event(event_type, subject, at=now, organization_id=None, data={"name": subject.pk, "changed": values})
    event.subject_id = uuid.uuid5(FOR_SALE, f"{subject._meta.model_name} {subject.pk}")
    record_events([event])
