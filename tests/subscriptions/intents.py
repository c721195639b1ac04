"""People who want to pay once: answers are dropped, Stripe fails, our process dies, and they click again and again."""

import random
from collections.abc import Callable, Iterator
from itertools import count

from django.utils import timezone

from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.person import Person as Buyer
from subscriptions import stripe
from subscriptions.services.change import change_seat_count
from subscriptions.services.checkout import open_checkout
from tests.factories import make_person
from tests.subscriptions.buying import charged, order
from tests.subscriptions.histories import Deadly, Killed

PER_BUYER = 4
TRIES = 50
FAULTS = ("answer_lost", "time_out", "error_500", "rate_limited")


class Clicks:
    """A buyer who buys once and then more, seat by seat, each time until it has worked, and once more."""

    def __init__(self, *, seed: int) -> None:
        self.random = random.Random(seed)
        self.fake = FakeStripe()
        self.person = make_person()
        self._may_die = True
        stripe.talk_through(Deadly(self.fake, lambda: self._may_die and not self.random.randrange(12)))

    def wants(self, intents: int) -> Iterator[str]:
        """Want something so many times; yields what was charged wrongly."""
        try:
            for number in range(1, intents + 1):
                self._want(number)
                if len(charged(self.fake)) != number:
                    yield f"{number} intents, {len(charged(self.fake))} charges"
                    return
            # What nobody pays for is made once, too: each would be a page on which somebody might pay.
            for kind in ("customer", "checkout.session", "subscription"):
                if len(self.fake.objects(kind)) != 1:
                    yield f"one {kind} was wanted, {len(self.fake.objects(kind))} were made"
        finally:
            stripe.talk_through(None)
            self.fake.close()

    def _want(self, seats: int) -> None:
        if seats == 1:
            self._insist(self._buy)
            return
        for _ in range(2):
            self._insist(lambda: self._change(seats))

    def _buy(self) -> None:
        checkouts = [open_checkout(by=self.person.membership, now=timezone.now(), **order(seats=1)) for _ in range(2)]
        (session_id,) = {str(checkout.stripe_session_id) for checkout in checkouts}
        Buyer(self.fake).pays(session_id)

    def _change(self, seats: int) -> None:
        change_seat_count(organization=self.person.organization, seats=seats, now=timezone.now())

    def _insist(self, act: Callable[[], None]) -> None:
        for tried in count():
            for fault in FAULTS:
                self.fake.switch(fault, times=self.random.choice((0, 1)))
            self._may_die = tried < TRIES
            try:
                act()
            except (stripe.StripeUnavailable, stripe.StripeRefused, Killed):
                continue
            return
