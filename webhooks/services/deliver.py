"""Deliveries are sent: those of a lane one after the other, others at once.

What comes of a try is one transaction under the lane's claim. Whatever dies before it, the same event is sent again,
before any other of its lane: at least once, and in order.
"""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic
from uuid import UUID

from django.db import transaction

from webhooks.models import Delivery, Endpoint
from webhooks.sender import SECONDS, Answer
from webhooks.services.disable import disable_endpoint
from webhooks.services.lanes import CLAIM, claim_lane, let_go, lock_claimed, next_in_lane, pause_lane
from webhooks.services.outcome import Dice, Outcome, is_success, judge
from webhooks.services.send import FORGOTTEN, note_attempt, send_event

Clock = Callable[[], datetime]
# After so long other lanes have their turn, and a worker that is told to stop can.
RUN = timedelta(seconds=10)
DICE: Dice = random.SystemRandom().random


def deliver_lane(*, endpoint_id: UUID, clock: Clock, claim: UUID | None = None, dice: Dice = DICE) -> int:
    """Send what waits in a lane until nothing does, a try fails, or others want their turn; return how many arrived.

    `claim` is that of a lane that was handed out; without one the lane is claimed, unless another works on it.
    """
    claim = claim or claim_lane(endpoint_id=endpoint_id, now=clock())
    ends, arrived = clock() + RUN, 0
    while claim is not None and _deliver_next(endpoint_id, claim, clock, dice):
        arrived += 1
        if clock() >= ends:
            pause_lane(endpoint_id=endpoint_id, claim=claim)
            break
    return arrived


def deliver_one(*, delivery_id: UUID, clock: Clock) -> bool:
    """Try a delivery beside the lane, once; return whether it arrived. A worker that dies over it leaves it due."""
    now = clock()
    delivery = _take_one_shot(delivery_id, now=now)
    if delivery is None:
        return False
    answer = send_event(delivery, now=now, seconds=SECONDS)
    _settle_one_shot(delivery, answer, now=clock())
    return is_success(answer)


def _deliver_next(endpoint_id: UUID, claim: UUID, clock: Clock, dice: Dice) -> bool:
    """Try the next delivery; return whether it arrived and the lane is still ours."""
    # From before the claim's term on: whatever holds this process up, it sends nothing once the term is over.
    began, now = monotonic(), clock()
    delivery = next_in_lane(endpoint_id=endpoint_id, claim=claim, now=now)
    if delivery is None:
        return False
    answer = send_event(delivery, now=now, seconds=SECONDS - (monotonic() - began))
    return _settle(delivery, answer, claim=claim, now=clock(), dice=dice)


@transaction.atomic
def _settle(delivery: Delivery, answer: Answer, *, claim: UUID, now: datetime, dice: Dice) -> bool:
    """Write down what came of it, if the lane is still ours; return whether to go on."""
    endpoint = lock_claimed(delivery.endpoint_id, claim)
    # Superseded by a replay, perhaps, while it was on its way.
    if endpoint is None or not Delivery.objects.pending().filter(pk=delivery.pk).exists():
        return endpoint is not None
    note_attempt(delivery, answer, now=now)
    if answer.error == FORGOTTEN:
        _finish(delivery, Delivery.Status.FAILED, now=now)
        return True
    outcome = judge(answer, tries=delivery.attempts, failing_since=endpoint.failing_since, now=now, dice=dice)
    if outcome.is_delivered:
        _finish(delivery, Delivery.Status.SUCCEEDED, now=now)
        _forget_failures(endpoint)
        return True
    _hold_up(endpoint, delivery, outcome, now=now)
    return False


def _hold_up(endpoint: Endpoint, delivery: Delivery, outcome: Outcome, *, now: datetime) -> None:
    """Let the lane go until the next try: nothing overtakes what failed."""
    if outcome.is_given_up:
        _finish(delivery, Delivery.Status.FAILED, now=now)
    else:
        delivery.save(update_fields=["attempts"])
    endpoint.failing_since = endpoint.failing_since or now
    endpoint.next_attempt_at = outcome.next_attempt_at
    let_go(endpoint)
    if outcome.disable is not None:
        disable_endpoint(endpoint_id=endpoint.pk, reason=outcome.disable, now=now)


def _finish(delivery: Delivery, status: Delivery.Status, *, now: datetime) -> None:
    delivery.status, delivery.finished_at = status, now
    delivery.save(update_fields=["status", "finished_at", "attempts"])


def _forget_failures(endpoint: Endpoint) -> None:
    if endpoint.failing_since is not None:
        endpoint.failing_since = None
        endpoint.save(update_fields=["failing_since"])


@transaction.atomic
def _take_one_shot(delivery_id: UUID, *, now: datetime) -> Delivery | None:
    """Put it out of others' reach for longer than a try takes."""
    # tenancy: the worker delivers for every organization
    due = Delivery.objects.one_shots_due(at=now).filter(pk=delivery_id)
    delivery = due.select_related("endpoint").select_for_update(of=("self",), skip_locked=True).first()
    if delivery is None:
        return None
    if not delivery.endpoint.is_enabled:
        _finish(delivery, Delivery.Status.FAILED, now=now)
        return None
    delivery.next_attempt_at = now + CLAIM
    delivery.save(update_fields=["next_attempt_at"])
    return delivery


@transaction.atomic
def _settle_one_shot(delivery: Delivery, answer: Answer, *, now: datetime) -> None:
    # tenancy: the endpoint of the delivery at hand
    endpoint = Endpoint.objects.filter(pk=delivery.endpoint_id).select_for_update(no_key=True).first()
    if endpoint is None or not Delivery.objects.pending().filter(pk=delivery.pk).exists():
        return
    note_attempt(delivery, answer, now=now)
    outcome = judge(answer, tries=1, failing_since=None, now=now, dice=lambda: 0)
    _finish(delivery, Delivery.Status.SUCCEEDED if outcome.is_delivered else Delivery.Status.FAILED, now=now)
    if outcome.is_delivered and endpoint.failing_since is not None:
        # It is back: what waits in its lane need not wait longer.
        endpoint.failing_since, endpoint.next_attempt_at = None, endpoint.next_attempt_at and now
        endpoint.save(update_fields=["failing_since", "next_attempt_at"])
    if outcome.disable is not None:
        disable_endpoint(endpoint_id=endpoint.pk, reason=outcome.disable, now=now)
