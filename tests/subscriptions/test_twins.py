"""Two requests of one organization at the same time, one in the middle of the other."""

from collections.abc import Callable
from typing import Any

import pytest

from coditect.local.fake_stripe.fake import FakeStripe
from subscriptions import stripe
from subscriptions.models import Checkout, Intent
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import Person, make_person
from tests.subscriptions.buying import buy, charged, check_out
from tests.subscriptions.meanwhile import Meanwhile

CHECKOUTS = "/v1/checkout/sessions"
API = Api("enveloped")


@pytest.fixture
def buyer_of_seats(transactional_db: None, fake: FakeStripe) -> Person:
    """An owner whom other connections see, too."""
    return make_person()


def within(fake: FakeStripe, act: Callable[[], Any], path: str) -> list[Any]:
    """Where the answer of the inner request will be."""
    transport = Meanwhile(fake, path, act)
    stripe.talk_through(transport)
    return transport.results


class TestTwins:
    def test_with_one_key_are_one_request(self, fake: FakeStripe, buyer_of_seats: Person) -> None:
        keyed = API.with_headers(idempotency_key="one")
        inner = within(fake, lambda: check_out(keyed, buyer_of_seats), CHECKOUTS)
        outer = check_out(keyed, buyer_of_seats)
        assert outer.status == 201
        assert_problem(inner[0], 409, "idempotency_in_progress")
        assert len(fake.objects("checkout.session")) == 1

    def test_who_want_the_same_get_the_same_page(self, fake: FakeStripe, buyer_of_seats: Person) -> None:
        inner: list[Answer] = within(fake, lambda: check_out(API, buyer_of_seats), CHECKOUTS)
        outer = check_out(API, buyer_of_seats)
        assert (inner[0].status, outer.status) == (201, 201)
        assert inner[0].data == outer.data
        assert len(fake.objects("checkout.session")) == 1

    def test_who_want_different_things_get_one_page_between_them(
        self, fake: FakeStripe, buyer_of_seats: Person
    ) -> None:
        inner: list[Answer] = within(fake, lambda: check_out(API, buyer_of_seats, seats=9), CHECKOUTS)
        outer = check_out(API, buyer_of_seats)
        assert_problem(outer, 409, "checkout_in_progress")
        statuses = {session["id"]: session["status"] for session in fake.objects("checkout.session")}
        assert [id for id, status in statuses.items() if status == "open"] == [inner[0].data["session_id"]]
        assert sorted(Checkout.objects.values_list("status", flat=True)) == ["abandoned", "open"]

    def test_who_want_as_many_seats_pay_once(self, fake: FakeStripe, buyer_of_seats: Person) -> None:
        subscription = buy(fake, buyer_of_seats, seats=3)
        api = API.as_bearer(buyer_of_seats.token)
        path = f"/v1/subscriptions/{subscription.stripe_subscription_id}"
        inner = within(fake, lambda: api.post("update-subscription", {"seats": 5}), path)
        outer = api.post("update-subscription", {"seats": 5})
        assert [answer.data["seats"] for answer in (*inner, outer)] == [5, 5]
        assert len(charged(fake)) == 2
        assert Intent.objects.filter(kind="change").count() == 1
