"""In whatever order the seven event types arrive, the end is the same; `make prove` tries all 5,040 orders."""

import random

import pytest

from coditect.local.fake_stripe.fake import FakeStripe
from tests.factories import Person
from tests.subscriptions import scale
from tests.subscriptions.convergence import SEVEN, History, all_orders, walk


@pytest.fixture
def history(fake: FakeStripe, owner: Person) -> History:
    """What happened at Stripe, of which nothing has arrived."""
    return History(fake, owner)


class TestOrders:
    def test_are_of_the_seven_types(self, history: History) -> None:
        assert [step.hint.type for step in history.steps] == list(SEVEN)
        assert len(all_orders()) == 5040

    def test_all_lead_to_the_same_end(self, history: History) -> None:
        orders = [
            tuple(range(7)),
            tuple(reversed(range(7))),
            *scale.current.share(sorted(random.Random(7).sample(all_orders(), scale.current.orders))),
        ]
        ends = dict(walk(history, orders))
        expected = ends[orders[0]]
        assert len(ends) == len(set(orders))
        for order, end in ends.items():
            assert end == expected, order
        assert expected["plan"] == "free"
        assert [(row["tier"], row["max_seats"]) for row in expected["licenses"]] == [("free", 1), ("pro", 2)]
        assert expected["events"] == {
            "checkout.completed": 1,
            "checkout.expired": 1,
            "invoice.paid": 1,
            "invoice.payment_failed": 1,
            "organization.created": 1,
            "subscription.canceled": 1,
            "subscription.created": 1,
        }
