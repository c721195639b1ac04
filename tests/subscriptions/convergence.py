"""The seven event types of one history in every order: each must lead to the same end.

An event arrives after what it tells of, at the earliest; so what Stripe says when it is handled is at least as new. The
orders are walked as a tree: what is common to two of them is done once, and undone by a savepoint.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import Organization
from coditect.journal.models import Event
from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.person import Person as Buyer
from coditect.local.fake_stripe.resources import subscriptions as at_stripe
from licenses.models import License
from subscriptions import stripe
from subscriptions.models import Checkout, Effect, Invoice, StripeCustomer, Subscription
from subscriptions.services.checkout import open_checkout
from subscriptions.services.sync import Hint, synchronize
from tests.factories import Person
from tests.subscriptions.buying import order
from tests.subscriptions.recorded import Recorded

SEVEN = (
    "checkout.session.expired",
    "checkout.session.completed",
    "customer.subscription.created",
    "invoice.payment_succeeded",
    "invoice.payment_failed",
    "customer.subscription.updated",
    "customer.subscription.deleted",
)
# These tell of what was seen on the way, and who comes late sees less of it.
ON_THE_WAY = ("subscription.past_due", "subscription.resumed", "subscription.updated", "license.")
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Step:
    """One of the seven events, and which step of Stripe's history it tells of."""

    hint: Hint
    number: int


class History:
    """A checkout that runs out, another that is paid, a renewal that fails, a change of seats, and the end."""

    def __init__(self, fake: FakeStripe, person: Person) -> None:
        self.fake, self.person = fake, person
        self.recorded = Recorded(fake)
        stripe.talk_through(self.recorded)
        self.steps: list[Step] = []
        self._seen: set[str] = set()
        self._play()
        self.now = timezone.now()
        self.recorded.is_live = False

    @property
    def customer_id(self) -> str:
        """Stripe's."""
        return StripeCustomer.objects.for_organization(self.person.organization).get().stripe_customer_id

    def _play(self) -> None:
        first = self._open(seats=2)
        self._sessions = [str(first.stripe_session_id)]
        second = self._open(seats=3)
        self._sessions.append(str(second.stripe_session_id))
        self._keep("checkout.session.expired")
        Buyer(self.fake).pays(self._sessions[1])
        self._keep("checkout.session.completed", "customer.subscription.created", "invoice.payment_succeeded")
        (subscription,) = self.fake.objects("subscription")
        self.fake.switch("card_declined")
        left = subscription["items"]["data"][0]["current_period_end"] - timezone.now().timestamp()
        self.fake.advance(seconds=left + 7200)
        self._keep("invoice.payment_failed")
        with self.fake.change() as world:
            item = {"id": subscription["items"]["data"][0]["id"], "quantity": 2}
            at_stripe.update(world, {"items": [item], "proration_behavior": "none"}, subscription["id"])
        self._keep("customer.subscription.updated")
        with self.fake.change() as world:
            at_stripe.cancel(world, {}, subscription["id"])
        self._keep("customer.subscription.deleted")

    def _open(self, *, seats: int) -> Checkout:
        return open_checkout(by=self.person.membership, now=timezone.now(), **order(seats=seats))

    def _keep(self, *types: str) -> None:
        """Record what Stripe says now, and the newest event of each of these types."""
        number = self.recorded.step
        self.recorded.record(self._ask)
        for kind in types:
            event = [each for each in self.fake.objects("event") if each["type"] == kind][-1]
            about = event["data"]["object"]
            facts = {name: about[name] for name in ("attempt_count",) if name in about}
            at = datetime.fromtimestamp(event["created"], tz=UTC)
            self.steps.append(Step(Hint(type=kind, at=at, object_id=about["id"], facts=facts), number))

    def _ask(self) -> None:
        stripe.list_subscriptions(self.customer_id)
        stripe.list_invoices(self.customer_id)
        for id in self._sessions:
            stripe.retrieve_checkout(id)

    def arrive(self, step: Step, *, newest: int) -> None:
        """Handle an event, when Stripe has got as far as `newest`."""
        self.recorded.step = newest
        synchronize(customer_id=self.customer_id, hint=step.hint, now=self.now)

    def state(self) -> dict[str, Any]:
        """All that must be the same in the end, without ids and keys of ours, which are random."""
        organization = self.person.organization
        return {
            "plan": Organization.objects.get(pk=organization.pk).plan,
            "subscriptions": _rows(Subscription.objects.for_organization(organization), "synced_at", "license"),
            "licenses": _rows(
                License.objects.for_organization(organization),
                *("key_string", "key_normalized", "lease_group", "created_at"),
            ),
            "invoices": _rows(Invoice.objects.for_organization(organization), "synced_at", "subscription"),
            "checkouts": _rows(Checkout.objects.for_organization(organization), "completed_at"),
            "events": _counted(Event.objects.for_organization(organization.pk).values_list("type", flat=True)),
            "effects": sorted(
                key
                for key in Effect.objects.values_list("key", flat=True)
                if not key.startswith((*ON_THE_WAY, "mail:"))
            ),
        }


def _rows(rows: Any, *left_out: str) -> list[dict[str, Any]]:
    names = [field.name for field in rows.model._meta.concrete_fields if field.name not in {"id", *left_out}]
    return sorted(rows.values(*names), key=repr)


def _counted(types: Any) -> dict[str, int]:
    return dict(sorted(Counter(each for each in types if not each.startswith(ON_THE_WAY)).items()))


def walk(history: History, orders: Sequence[tuple[int, ...]]) -> Iterator[tuple[tuple[int, ...], dict[str, Any]]]:
    """Every order and the state that it leads to; each begins where the history's buyer has only opened checkouts."""
    yield from _descend(history, (), sorted(orders))


def all_orders() -> list[tuple[int, ...]]:
    """5,040."""
    return list(permutations(range(len(SEVEN))))


def _descend(
    history: History, done: tuple[int, ...], orders: Sequence[tuple[int, ...]]
) -> Iterator[tuple[tuple[int, ...], dict[str, Any]]]:
    if len(done) == len(SEVEN):
        yield done, history.state()
        return
    for following in sorted({each[len(done)] for each in orders}):
        with transaction.atomic():
            so_far = (*done, following)
            newest = max(history.steps[index].number for index in so_far)
            history.arrive(history.steps[following], newest=newest)
            yield from _descend(history, so_far, [each for each in orders if each[len(done)] == following])
            transaction.set_rollback(True)
