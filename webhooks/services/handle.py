"""What came in from Stripe is handled: one event after the other, each whole or not at all.

An event is claimed in a transaction of its own, out of others' reach for longer than handling takes, and marked as done
in the one that has its effects: whatever dies in between, it is handled again.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from subscriptions.services.sync import Hint, UnknownCustomer, synchronize
from webhooks.models import StripeEvent

logger = logging.getLogger(__name__)
# From one beat to the next: one run follows the other, and the worker's other threads stay free.
RUN = timedelta(seconds=settings.STRIPE_EVENT_SECONDS)
# After so many in a row Stripe, or the database, is taken to be away: the next run is near.
FAILURES_PER_RUN = 3
# A claimed event is nobody else's for so long, which is longer than a try takes.
CLAIM = timedelta(minutes=2)
# How long to wait after each try; after the last it is given up: three days, as long as Stripe itself keeps on trying.
BACK_OFF = [
    *(timedelta(seconds=seconds) for seconds in (2, 10, 30)),
    *(timedelta(minutes=minutes) for minutes in (2, 10, 30)),
    *(timedelta(hours=hours) for hours in (1, 2, 4, 8, 16, 16, 24)),
]
Clock = Callable[[], datetime]


def handle_events(*, clock: Clock) -> int:
    """Handle what is due until nothing is or time is up; return how many succeeded. Several runs share the work."""
    ends = clock() + RUN
    _give_up(now=clock())
    done = failures = 0
    while failures < FAILURES_PER_RUN and clock() < ends:
        event = _claim(now=clock())
        if event is None:
            break
        if _try(event, now=clock()):
            done, failures = done + 1, 0
        else:
            failures += 1
    return done


@transaction.atomic
def handle_again(*, event_id: str, now: datetime) -> bool:
    """Let an event be handled anew, as if it had just come in; return whether there was one to handle."""
    waiting = StripeEvent.objects.filter(pk=event_id).exclude(
        status=StripeEvent.Status.PENDING, next_attempt_at__lte=now
    )
    fresh = {"status": StripeEvent.Status.PENDING, "attempts": 0, "next_attempt_at": now, "done_at": None}
    return bool(waiting.update(**fresh))


def _give_up(*, now: datetime) -> None:
    """Whatever kills its worker at every try leaves no other note."""
    deadly = StripeEvent.objects.due(at=now).order_by().filter(attempts__gt=len(BACK_OFF))
    if given_up := deadly.update(status=StripeEvent.Status.FAILED):
        logger.error("gave up handling %d events", given_up)


@transaction.atomic
def _claim(*, now: datetime) -> StripeEvent | None:
    """The next event due, put out of others' reach before it is tried: one that kills its worker blocks no other."""
    event = StripeEvent.objects.due(at=now).select_for_update(skip_locked=True).first()
    if event is None:
        return None
    event.next_attempt_at = now + CLAIM
    event.attempts += 1
    event.save(update_fields=["next_attempt_at", "attempts"])
    return event


def _try(event: StripeEvent, *, now: datetime) -> bool:
    try:
        _handle(event, now=now)
    except Exception as error:  # noqa: BLE001 (whatever went wrong with one event, the others must be handled)
        _note_failure(event, error, now=now)
        return False
    return True


@transaction.atomic
def _handle(event: StripeEvent, *, now: datetime) -> None:
    """Write what Stripe says by now, and that this event is dealt with."""
    hint = Hint(type=event.type, at=event.occurred_at, object_id=event.object_id, facts=event.facts)
    note = ""
    try:
        synchronize(customer_id=event.customer_id, hint=hint, now=now)
    except UnknownCustomer:
        # Somebody else's: an account of Stripe's may serve several products.
        note = UnknownCustomer.code
    done = {"status": StripeEvent.Status.DONE, "done_at": now, "last_error": note}
    StripeEvent.objects.filter(pk=event.pk).update(**done)


def _note_failure(event: StripeEvent, error: Exception, *, now: datetime) -> None:
    """Only the error's name: its text may quote what is nobody's business."""
    name = type(error).__name__
    logger.warning("event %s (%s) was not handled at try %d: %s", event.pk, event.type, event.attempts, name)
    values: dict[str, Any] = {"last_error": name}
    if event.attempts > len(BACK_OFF):
        logger.error("event %s (%s) is given up", event.pk, event.type)
        values["status"] = StripeEvent.Status.FAILED
    else:
        values["next_attempt_at"] = now + BACK_OFF[event.attempts - 1]
    StripeEvent.objects.filter(pk=event.pk).update(**values)
