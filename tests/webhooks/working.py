"""What a worker does, without Celery around it, by a clock that stands still."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from coditect.journal.models import Event
from webhooks.models import Endpoint
from webhooks.services.deliver import deliver_lane
from webhooks.services.dispatch import dispatch_events
from webhooks.services.lanes import hand_out


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: datetime

    def __call__(self) -> datetime:
        """What it shows."""
        return self.now

    def forward(self, span: timedelta) -> None:
        """Move it."""
        self.now += span


def work(clock: Clock, endpoints: Sequence[Endpoint]) -> None:
    """Dispatch, hand out, and go through each lane once, as whoever the hand-out named or as whoever claims it."""
    dispatch_events(clock=clock)
    hand_out(now=clock())
    for endpoint in endpoints:
        endpoint.refresh_from_db()
        is_handed_out = endpoint.claim is not None and endpoint.claimed_until is not None
        deliver_lane(endpoint_id=endpoint.pk, claim=endpoint.claim if is_handed_out else None, clock=clock, dice=half)


def half() -> float:
    """Dice that leave every wait as it is."""
    return 0.5


def ids_of(events: Sequence[Event]) -> list[str]:
    """As receivers get to see them."""
    return [str(event.pk) for event in events]
