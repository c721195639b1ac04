"""Faults between us and Stripe's API."""

import pytest
import stripe

from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.faults import FAULTS
from coditect.local.fake_stripe.person import Person
from coditect.local.fake_stripe.problems import StripeProblem
from tests.fake_stripe.account import body_of, charged, open_checkout


class TestFaults:
    @pytest.mark.parametrize(
        ("fault", "error"),
        [
            ("time_out", stripe.APIConnectionError),
            ("error_500", stripe.APIError),
            ("rate_limited", stripe.RateLimitError),
        ],
    )
    def test_do_nothing_but_fail_as_often_as_was_asked(
        self, fake: FakeStripe, client: stripe.StripeClient, fault: str, error: type[Exception]
    ) -> None:
        fake.switch(fault, times=2)
        for _ in range(2):
            with pytest.raises(error):
                client.v1.customers.create({}, {"idempotency_key": "k"})
        assert fake.objects("customer") == []
        assert client.v1.customers.create({}, {"idempotency_key": "k"}).id

    def test_keep_a_500_for_its_idempotency_key(self, fake: FakeStripe, client: stripe.StripeClient) -> None:
        fake.switch("error_500_kept", times=1)
        for _ in range(2):
            with pytest.raises(stripe.APIError) as failed:
                client.v1.customers.create({}, {"idempotency_key": "k"})
        assert (failed.value.headers or {})["idempotent-replayed"] == "true"
        assert client.v1.customers.create({}, {"idempotency_key": "other"}).id

    def test_lose_the_answers_of_writing_requests_only(self, fake: FakeStripe, client: stripe.StripeClient) -> None:
        fake.switch("answer_lost")
        assert client.v1.customers.list().data == []
        with pytest.raises(stripe.APIConnectionError):
            client.v1.customers.create()
        assert len(client.v1.customers.list().data) == 1

    def test_may_be_limited_to_an_address(self, fake: FakeStripe) -> None:
        fake.switch("error_500", only="POST /v1/checkout")
        assert body_of(fake, "POST", "/v1/customers")[0] == 200
        assert body_of(fake, "POST", "/v1/checkout/sessions")[0] == 500

    def test_decline_good_cards(self, fake: FakeStripe, client: stripe.StripeClient, person: Person) -> None:
        fake.switch("card_declined")
        session = open_checkout(client)
        with pytest.raises(StripeProblem, match="declined"):
            person.pays(session.id)
        fake.switch("card_declined", times=0)
        person.pays(session.id)
        assert len(charged(fake)) == 1

    @pytest.mark.parametrize("name", sorted(FAULTS))
    def test_can_be_switched_on_and_off(self, fake: FakeStripe, client: stripe.StripeClient, name: str) -> None:
        fake.switch(name)
        fake.switch(name, times=0)
        client.v1.customers.create()
        assert len(fake.take_deliveries()) == 1

    def test_have_names(self, fake: FakeStripe) -> None:
        with pytest.raises(KeyError):
            fake.switch("earthquake")
