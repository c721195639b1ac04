"""Random histories of a customer at Stripe, of events on bad roads, and of workers that are killed.

Events come twice, late, in another order, under other ids, or never; Stripe times out; and the worker dies at any step.
Whatever happened, once everything has arrived and `reconcile_stripe` has run, all must be as Stripe says.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import stripe as stripe_package
from django.utils import timezone

from accounts.models import Organization
from coditect.journal import services as journal
from coditect.journal.models import Event, Mail
from coditect.local.fake_stripe import faults
from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.person import Person as Buyer
from coditect.local.fake_stripe.problems import StripeProblem
from coditect.local.fake_stripe.resources import collection
from coditect.local.fake_stripe.resources import subscriptions as at_stripe
from licenses.models import License
from subscriptions import stripe
from subscriptions.models import StripeCustomer, Subscription
from subscriptions.services.checkout import AlreadySubscribed, open_checkout
from subscriptions.services.dunning import GRACE
from subscriptions.services.entitle import SLACK
from subscriptions.services.reconcile import reconcile
from tests.factories import Person
from tests.fake_stripe.client import InProcessClient
from tests.subscriptions.buying import MONTHLY, order
from webhooks.models import StripeEvent
from webhooks.serializers.stripe_events import read_event
from webhooks.services.handle import handle_events
from webhooks.services.inbox import receive_event

ACTIONS = 8
ROADS = ("duplicate", "twin", "late", "reordered", "lost")
OUTAGES = ("time_out", "error_500", "rate_limited")
STEP = timedelta(minutes=3)
ENDED = {"canceled", "incomplete_expired"}


class Killed(BaseException):
    """The worker is no more."""


class Deadly(stripe_package.HTTPClient):
    """The way to the fake, on which a worker may die, before Stripe is asked or after."""

    name = "deadly"

    def __init__(self, fake: FakeStripe, chance: Callable[[], bool]) -> None:
        super().__init__()
        self._live, self._chance = InProcessClient(fake), chance

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_: Any
    ) -> tuple[str, int, Mapping[str, str]]:
        if self._chance():
            raise Killed
        answer = self._live.request(method, url, headers, post_data)
        if self._chance():
            raise Killed
        return answer

    def close(self) -> None:
        """Nothing is open."""


def _age(subscription: Subscription) -> tuple[datetime, str]:
    return subscription.created_at, subscription.stripe_subscription_id


class RandomHistory:
    """One history, by its seed."""

    def __init__(self, person: Person, *, seed: int) -> None:
        self.person, self.random = person, random.Random(seed)
        self.seconds = timezone.now().timestamp()
        self.fake = FakeStripe(clock=lambda: self.seconds)
        self.fake.listen("http://testserver/", secret="whsec_test")
        self.buyer = Buyer(self.fake)
        self._may_die = False
        stripe.talk_through(Deadly(self.fake, lambda: self._dies(one_in=15)))

    def play(self) -> list[str]:
        """Let it happen, bring it to rest, and say what is not as it should be."""
        try:
            with self._records_may_kill():
                for _ in range(ACTIONS):
                    self._act()
                    self._switch()
                    self._travel()
            self._rest()
            return list(self._complaints())
        finally:
            stripe.talk_through(None)
            self.fake.close()

    def now(self) -> datetime:
        """Our own clock, which no test clock moves."""
        return datetime.fromtimestamp(self.seconds, tz=UTC)

    def _dies(self, *, one_in: int) -> bool:
        return self._may_die and self.random.randrange(one_in) == 0

    def _act(self) -> None:
        living = [each for each in self.fake.objects("subscription") if each["status"] not in ENDED]
        if not living:
            self._buy()
            return
        actions = [*[self._pass_time] * 3, self._pay, self._resize, self._end, self._card, self._double]
        with suppress(StripeProblem):
            self.random.choice(actions)(self.random.choice(living))

    def _buy(self) -> None:
        # Already subscribed: that the last one ended may not have reached us yet.
        with suppress(stripe.StripeUnavailable, stripe.StripeRefused, AlreadySubscribed):
            wanted = order(seats=self.random.randint(1, 9))
            checkout = open_checkout(by=self.person.membership, now=self.now(), **wanted)
            with suppress(StripeProblem):
                self.buyer.pays(str(checkout.stripe_session_id))

    def _pass_time(self, _: Any) -> None:
        self.fake.advance(days=self.random.choice((1, 3, 8, 31, 33)))

    def _card(self, _: Any) -> None:
        self.fake.switch("card_declined", times=self.random.choice((0, 1, faults.ALWAYS)))

    def _pay(self, live: Any) -> None:
        self.fake.switch("card_declined", times=0)
        with self.fake.change() as world:
            for invoice in self.fake.objects("invoice", status="open"):
                collection.pay(world, {}, invoice["id"])

    def _resize(self, live: Any) -> None:
        item = {"id": live["items"]["data"][0]["id"], "quantity": self.random.randint(1, 9)}
        with self.fake.change() as world:
            at_stripe.update(world, {"items": [item], "proration_behavior": "none"}, live["id"])

    def _end(self, live: Any) -> None:
        act = self.random.choice((self.buyer.cancels, self.buyer.renews, self._cancel))
        act(live["id"])

    def _cancel(self, id: str) -> None:
        with self.fake.change() as world:
            at_stripe.cancel(world, {}, id)

    def _double(self, live: Any) -> None:
        """Somebody makes another one at Stripe itself, beside those that live."""
        self.fake.advance(seconds=60)
        card = self.fake.objects("payment_method")[0]["id"]
        items = [{"price": MONTHLY, "quantity": self.random.randint(1, 9)}]
        with self.fake.change() as world:
            at_stripe.create(world, {"customer": live["customer"], "items": items, "default_payment_method": card})

    def _switch(self) -> None:
        for fault in ROADS:
            self.fake.switch(fault, times=self.random.choice((0, 0, 1, 3)))
        self.fake.switch(self.random.choice(OUTAGES), times=self.random.choice((0, 0, 1, 2)))

    def _travel(self) -> None:
        """Some of what is on its way arrives, and a worker may come by, and die."""
        self.seconds += self.random.choice((1, 10, 200))
        if self.random.randrange(4):
            self._deliver()
        if self.random.randrange(3):
            self._work(may_die=True)

    def _deliver(self) -> None:
        for delivery in self.fake.take_deliveries():
            receive_event(read_event(delivery.body), now=self.now())
            self.fake.note(delivery, status=200)

    def _work(self, *, may_die: bool) -> None:
        self._may_die = may_die
        try:
            while handle_events(clock=self.now):
                pass
        except Killed:
            pass
        finally:
            self._may_die = False

    @contextmanager
    def _records_may_kill(self) -> Iterator[None]:
        """Whatever is written down may be the last thing that a worker does."""
        before = journal.new_event

        def new_event(*args: Any, **options: Any) -> Event:
            if self._dies(one_in=8):
                raise Killed
            return before(*args, **options)

        journal.new_event = new_event
        try:
            yield
        finally:
            journal.new_event = before

    def _rest(self) -> None:
        """No faults any more; what was lost stays lost."""
        for fault in (*ROADS, *OUTAGES):
            self.fake.switch(fault, times=0)
        for _ in range(40):
            self.seconds += STEP.total_seconds()
            self._deliver()
            self._work(may_die=False)
            if not StripeEvent.objects.exclude(status="done").exists() and not self.fake.take_deliveries():
                break
        reconcile(clock=self.now)

    def _complaints(self) -> Iterator[str]:
        organization = Organization.objects.get(pk=self.person.organization.pk)
        if StripeEvent.objects.exclude(status="done").exists():
            yield "an event was never handled"
        said = {each["id"]: each for each in self.fake.objects("subscription")}
        rows = {row.stripe_subscription_id: row for row in Subscription.objects.for_organization(organization)}
        if set(said) != set(rows):
            yield f"{len(said)} subscriptions at Stripe, {len(rows)} here"
        for id, row in rows.items():
            if (row.status, row.seats) != (said[id]["status"], said[id]["items"]["data"][0]["quantity"]):
                yield f"{id} is {row}, but Stripe says {said[id]['status']}"
        living = sorted((row for row in rows.values() if row.has_begun and not row.has_ended), key=_age)
        if any(row.is_surplus is not (row is not living[0]) for row in living):
            yield f"it is not the oldest one that counts: {living}"
        if organization.plan != ("pro" if living else "free"):
            yield f"the plan is {organization.plan}"
        yield from self._complaints_of_license(organization, living[0] if living else None)
        yield from self._complaints_of_effects(organization)

    def _begun(self) -> list[Any]:
        return [each for each in self.fake.objects("subscription") if not each["status"].startswith("incomplete")]

    def _complaints_of_license(self, organization: Organization, live: Subscription | None) -> Iterator[str]:
        licenses = list(License.objects.for_organization(organization).exclude(tier="free"))
        if len(licenses) != bool(self._begun()):
            yield f"{len(licenses)} licenses were issued"
        for license in licenses:
            if live is None:
                if license.status_at(self.now() + timedelta(seconds=1)) != License.EXPIRED:
                    yield "a license outlives its subscription"
                continue
            heard = StripeCustomer.objects.for_organization(organization).get().heard_at or self.now()
            is_over = live.past_due_at is not None and live.past_due_at + GRACE <= max(heard, self.now())
            if license.holds != (["billing"] if is_over else []):
                yield f"{live}, but the license's holds are {license.holds}"
            if license.max_seats > live.seats or (live.is_paid and license.max_seats != live.seats):
                yield f"{live.seats} seats were sold, the license has {license.max_seats}"
            end = live.current_period_end + (timedelta(0) if live.cancel_at_period_end else SLACK)
            if license.expires_at != end:
                yield f"the license ends at {license.expires_at}, not {end}"

    def _complaints_of_effects(self, organization: Organization) -> Iterator[str]:
        events = list(Event.objects.for_organization(organization.pk))
        counts = Counter(event.type for event in events)
        begun = self._begun()
        expected = {
            "subscription.created": len(begun),
            "subscription.canceled": sum(each["status"] == "canceled" for each in begun),
            "invoice.paid": len(self.fake.objects("invoice", status="paid")),
            "checkout.completed": len(self.fake.objects("checkout.session", status="complete")),
        }
        for name, count in expected.items():
            if counts[name] != count:
                yield f"{name} was recorded {counts[name]} times, not {count}"
        failed = [
            (event.subject_id, event.data["attempt"]) for event in events if event.type == "invoice.payment_failed"
        ]
        if len(failed) != len(set(failed)):
            yield "the same failure was told of twice"
        mails = Mail.objects.filter(template__startswith="payment_", to=self.person.membership.user.email)
        if mails.count() > 3 * counts["subscription.past_due"]:
            yield "a reminder was sent twice"
