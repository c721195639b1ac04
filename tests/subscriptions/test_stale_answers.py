"""What Stripe said before must not be written after what it said later."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import stripe as stripe_package
from django.db import connection, connections

from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.resources import subscriptions as at_stripe_itself
from subscriptions import stripe
from tests.factories import make_person
from tests.fake_stripe.client import InProcessClient
from tests.subscriptions.buying import at_stripe, buy, learn
from tests.subscriptions.happening import only

PATIENCE_SECONDS, POLL_SECONDS = 20, 0.02
# Unlike pg_stat_activity it is looked at anew within a transaction.
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


class Slow(stripe_package.HTTPClient):
    """Lets something happen between Stripe's first answer and its arrival."""

    name = "slow"

    def __init__(self, fake: FakeStripe, meanwhile: Callable[[], None]) -> None:
        super().__init__()
        self._live, self._meanwhile = InProcessClient(fake), [meanwhile]

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_: Any
    ) -> tuple[str, int, Mapping[str, str]]:
        answer = self._live.request(method, url, headers, post_data)
        if self._meanwhile:
            self._meanwhile.pop()()
        return answer

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.django_db(transaction=True)
class TestAnAnswerThatIsOld:
    def test_is_not_written_over_a_newer_one(self, fake: FakeStripe) -> None:
        person = make_person()
        buy(fake, person, seats=3)

        def learn_elsewhere() -> None:
            try:
                learn(person)
            finally:
                connections.close_all()

        other = threading.Thread(target=learn_elsewhere)

        def change_and_tell_another_worker() -> None:
            found = at_stripe(fake)
            with fake.change() as world:
                item = {"id": found["items"]["data"][0]["id"], "quantity": 8}
                at_stripe_itself.update(world, {"items": [item], "proration_behavior": "none"}, found["id"])
            other.start()
            ends = time.monotonic() + PATIENCE_SECONDS
            while other.is_alive() and not is_somebody_waiting() and time.monotonic() < ends:
                time.sleep(POLL_SECONDS)

        stripe.talk_through(Slow(fake, change_and_tell_another_worker))
        learn(person)
        other.join(PATIENCE_SECONDS)
        assert only(person).seats == 8


def is_somebody_waiting() -> bool:
    """Whether another connection waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return bool(cursor.fetchone()[0])
