"""Receivers that hang keep nobody waiting but themselves."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.utils import timezone
from pytest_django import Settings

from tests.factories import Person
from tests.webhooks.factories import make_endpoint
from tests.webhooks.receiver import PATIENCE_SECONDS, Receiver, receiving
from tests.webhooks.telling import tell
from tests.webhooks.working import ids_of
from webhooks.models import Endpoint
from webhooks.services.deliver import deliver_lane
from webhooks.services.dispatch import dispatch_events

HUNG = 10


@pytest.fixture
def receivers(settings: Settings) -> Iterator[list[Receiver]]:
    """Ten that hang, and one that does not."""
    settings.WEBHOOK_ALLOW_PRIVATE = True
    with receiving(HUNG + 1) as receivers:
        for receiver in receivers[:HUNG]:
            receiver.may_answer.clear()
        yield receivers


def run(endpoint: Endpoint) -> int:
    """One of the deliverer's threads."""
    try:
        return deliver_lane(endpoint_id=endpoint.pk, clock=timezone.now)
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
class TestHungReceivers:
    def test_delay_nobody_else(self, owner: Person, receivers: list[Receiver]) -> None:
        dispatch_events(clock=timezone.now)
        endpoints = [make_endpoint(owner.organization, url=receiver.url) for receiver in receivers]
        events = [tell(owner.organization, dispatched_at=None) for _ in range(20)]
        dispatch_events(clock=timezone.now)
        healthy = receivers[HUNG]
        with ThreadPoolExecutor(HUNG + 1) as pool:
            running = [pool.submit(run, endpoint) for endpoint in endpoints]
            assert all(receiver.was_asked.wait(PATIENCE_SECONDS) for receiver in receivers)
            assert running[HUNG].result(timeout=PATIENCE_SECONDS) == 20
            assert healthy.ids == ids_of(events)
            assert [len(receiver.requests) for receiver in receivers[:HUNG]] == [1] * HUNG
            assert not any(lane.done() for lane in running[:HUNG])
            for receiver in receivers:
                receiver.may_answer.set()
        assert all(receiver.ids == ids_of(events) for receiver in receivers)
