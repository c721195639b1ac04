"""Lanes: an endpoint's deliveries in order, sent by one worker at a time, who holds a claim.

A claim is good for longer than a try takes, and each try begins with a new term. A worker that was killed leaves it to
run out; one that was paused finds that it is another's, and writes nothing.
"""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction

from coditect.jobs import enqueue
from webhooks.models import Delivery, Endpoint, EndpointQuerySet
from webhooks.services import turns
from webhooks.services.dispatch import LANE_TASK

ONE_SHOT_TASK = "webhooks.deliver_one"
CLAIM = timedelta(seconds=25)
# Of the deliverer's 32 threads: receivers that hang must not keep those waiting that do not.
FAILING_AT_ONCE = 16
HINTS_PER_RUN = 200


def claim_lane(*, endpoint_id: UUID, now: datetime) -> UUID | None:
    """Claim the lane of an endpoint that is well and due; None where it is not, or is another's.

    Lanes that fail are claimed for a worker by `hand_out`, which counts them.
    """
    # tenancy: the worker delivers for every organization
    return _claim(Endpoint.objects.filter(pk=endpoint_id).healthy().due(at=now), now=now)


@transaction.atomic
def next_in_lane(*, endpoint_id: UUID, claim: UUID, now: datetime) -> Delivery | None:
    """Begin a new term and return what is to be sent; None, and the lane is let go, where there is nothing."""
    endpoint = lock_claimed(endpoint_id, claim)
    if endpoint is None:
        return None
    # After the lock, in a statement of its own: whoever queued something before us, we see it; whoever comes later
    # wakes the lane after us.
    delivery = endpoint.deliveries.in_lane().first()
    if delivery is None:
        endpoint.next_attempt_at = None
        let_go(endpoint)
        return None
    endpoint.claimed_until = now + CLAIM
    endpoint.save(update_fields=["claimed_until"])
    delivery.endpoint = endpoint
    return delivery


def lock_claimed(endpoint_id: UUID, claim: UUID) -> Endpoint | None:
    """The endpoint under its row lock; None where the claim is no longer ours, or it is disabled or deleted."""
    # tenancy: the worker delivers for every organization
    ours = Endpoint.objects.enabled().filter(pk=endpoint_id, claim=claim)
    return ours.select_for_update(of=("self",), no_key=True).first()


def let_go(endpoint: Endpoint) -> None:
    """End the claim on a locked endpoint, and say when its lane goes on."""
    endpoint.claim = endpoint.claimed_until = None
    endpoint.save(update_fields=["claim", "claimed_until", "next_attempt_at", "failing_since"])


@transaction.atomic
def pause_lane(*, endpoint_id: UUID, claim: UUID) -> None:
    """Let a lane go as it is: another run goes on with it at once."""
    endpoint = lock_claimed(endpoint_id, claim)
    if endpoint is not None:
        let_go(endpoint)
        enqueue(LANE_TASK, endpoint_id=endpoint_id)


@transaction.atomic
def hand_out(*, now: datetime) -> None:
    """Hint at all that is due and that no hint has led to: lanes, and deliveries beside them.

    Lanes that fail are handed out with their claim, so many at once; the others go first come, first served.
    """
    if not turns.take(turns.Turn.HAND_OUT):
        return
    # tenancy: the worker delivers for every organization
    due, failing = Endpoint.objects.due(at=now), Endpoint.objects.failing()
    for endpoint_id in due.healthy().values_list("pk", flat=True)[:HINTS_PER_RUN]:
        enqueue(LANE_TASK, endpoint_id=endpoint_id)
    free = max(0, FAILING_AT_ONCE - failing.claimed(at=now).count())
    for endpoint_id in due.failing().values_list("pk", flat=True)[:free]:
        claim = _claim(due.filter(pk=endpoint_id), now=now)
        if claim is not None:
            enqueue(LANE_TASK, endpoint_id=endpoint_id, claim=claim)
    # tenancy: the worker delivers for every organization
    for delivery_id in Delivery.objects.one_shots_due(at=now).values_list("pk", flat=True)[:HINTS_PER_RUN]:
        enqueue(ONE_SHOT_TASK, delivery_id=delivery_id)


def _claim(lanes: EndpointQuerySet, *, now: datetime) -> UUID | None:
    claim = uuid4()
    return claim if lanes.update(claim=claim, claimed_until=now + CLAIM) else None
