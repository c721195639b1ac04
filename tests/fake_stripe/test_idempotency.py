"""Idempotency keys: the same request twice is one, whatever became of the first answer."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import stripe

from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.person import Person
from tests.fake_stripe.account import Clock, body_of, charged, item_of, make_customer, subscribe
from tests.fake_stripe.client import InProcessClient


class TestTheSameKey:
    def test_answers_the_same(self, fake: FakeStripe, client: stripe.StripeClient) -> None:
        first = client.v1.customers.create({"name": "A"}, {"idempotency_key": "k"})
        again = client.v1.customers.create({"name": "A"}, {"idempotency_key": "k"})
        assert again.id == first.id
        assert again.last_response is not None
        assert again.last_response.headers["idempotent-replayed"] == "true"
        assert len(fake.objects("customer")) == 1

    def test_with_other_parameters_is_refused(self, client: stripe.StripeClient) -> None:
        client.v1.customers.create({"name": "A"}, {"idempotency_key": "k"})
        with pytest.raises(stripe.IdempotencyError, match="Keys for idempotent requests") as refused:
            client.v1.customers.create({"name": "B"}, {"idempotency_key": "k"})
        assert refused.value.http_status == 400

    def test_at_another_address_is_refused(self, client: stripe.StripeClient) -> None:
        customer = client.v1.customers.create({"name": "A"}, {"idempotency_key": "k"})
        with pytest.raises(stripe.IdempotencyError):
            client.v1.customers.update(customer.id, {"name": "A"}, {"idempotency_key": "k"})

    def test_is_free_after_a_mistake_in_the_parameters(self, fake: FakeStripe) -> None:
        assert body_of(fake, "POST", "/v1/customers", "emial=a", idempotency_key="k")[0] == 400
        assert body_of(fake, "POST", "/v1/customers", "email=a", idempotency_key="k")[0] == 200

    def test_repeats_a_declined_card(self, fake: FakeStripe, client: stripe.StripeClient, person: Person) -> None:
        subscription = subscribe(client, person)
        change = {
            "items": [{"id": item_of(subscription).id, "quantity": 9}],
            "proration_behavior": "always_invoice",
            "payment_behavior": "error_if_incomplete",
        }
        fake.switch("card_declined", times=1)
        for _ in range(2):
            with pytest.raises(stripe.CardError):
                client.v1.subscriptions.update(subscription.id, change, {"idempotency_key": "k"})  # type: ignore[arg-type]  # a change that is none of its types
        assert len(charged(fake)) == 1

    def test_is_forgotten_after_a_day(self, fake: FakeStripe, client: stripe.StripeClient, clock: Clock) -> None:
        first = client.v1.customers.create({"name": "A"}, {"idempotency_key": "k"})
        clock.now += 86401
        assert client.v1.customers.create({"name": "B"}, {"idempotency_key": "k"}).id != first.id

    def test_of_a_reading_request_means_nothing(self, fake: FakeStripe) -> None:
        assert body_of(fake, "GET", "/v1/customers", idempotency_key="k")[0] == 200
        assert body_of(fake, "GET", "/v1/prices", idempotency_key="k")[0] == 200


class TestManyAtOnce:
    def test_with_one_key_are_one(self, fake: FakeStripe, client: stripe.StripeClient) -> None:
        customer = make_customer(client)
        params: Any = {"customer": customer.id, "items": [{"price": "price_pro_monthly"}]}

        def subscribe_again(_: int) -> str:
            own = stripe.StripeClient(fake.key, http_client=InProcessClient(fake))
            return own.v1.subscriptions.create(params, {"idempotency_key": "k"}).id

        with ThreadPoolExecutor(8) as pool:
            made = set(pool.map(subscribe_again, range(24)))
        assert len(made) == 1
        assert charged(fake) == [4900]


class TestALostAnswer:
    def test_and_a_retry_by_the_package_make_one_subscription(
        self, fake: FakeStripe, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(InProcessClient, "_sleep_time_seconds", lambda *_: 0)
        client = stripe.StripeClient(fake.key, http_client=InProcessClient(fake), max_network_retries=2)
        customer = make_customer(client)
        fake.switch("answer_lost", times=2, only="POST /v1/subscriptions")
        made = client.v1.subscriptions.create(
            {"customer": customer.id, "items": [{"price": "price_pro_monthly", "quantity": 2}]}
        )
        assert made.status == "active"
        assert charged(fake) == [9800]
        assert len(fake.objects("subscription")) == 1

    def test_without_a_retry_has_still_done_the_work(self, fake: FakeStripe, client: stripe.StripeClient) -> None:
        fake.switch("answer_lost", times=1)
        with pytest.raises(stripe.APIConnectionError, match="broke before the answer"):
            client.v1.customers.create({"name": "A"}, {"idempotency_key": "k"})
        assert (
            client.v1.customers.create({"name": "A"}, {"idempotency_key": "k"}).id == fake.objects("customer")[0]["id"]
        )
        assert len(fake.objects("customer")) == 1
