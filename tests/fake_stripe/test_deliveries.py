"""Events on their way to endpoints: signed, retried, and spoiled where a fault is switched on."""

import json

import pytest
import stripe

from coditect.local.fake_stripe import deliveries
from coditect.local.fake_stripe.deliveries import Delivery
from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.person import Person
from tests.fake_stripe.account import SECRET, URL, Clock, event_types, subscribe


class Endpoint:
    """Keeps what it gets; answers with the statuses it was given, then always 200."""

    def __init__(self, *statuses: int | None) -> None:
        self.got: list[Delivery] = []
        self._statuses = list(statuses)

    def __call__(self, delivery: Delivery) -> int:
        self.got.append(delivery)
        status = self._statuses.pop(0) if self._statuses else 200
        if status is None:
            raise ConnectionRefusedError
        return status

    @property
    def types(self) -> list[str]:
        return [delivery.type for delivery in self.got]


def make_customers(client: stripe.StripeClient, count: int) -> None:
    for _ in range(count):
        client.v1.customers.create()


class TestDelivery:
    def test_brings_every_event_once_in_order(
        self, fake: FakeStripe, client: stripe.StripeClient, person: Person
    ) -> None:
        subscribe(client, person)
        endpoint = Endpoint()
        fake.deliver(endpoint)
        assert endpoint.types == [name for name in event_types(fake) if not name.startswith(("product", "price"))]
        assert {delivery.url for delivery in endpoint.got} == {URL}
        assert fake.deliver(endpoint) == 0

    def test_is_signed_so_that_the_package_believes_it(self, fake: FakeStripe, client: stripe.StripeClient) -> None:
        make_customers(client, 1)
        delivery = fake.take_deliveries()[0]
        header = delivery.headers["Stripe-Signature"]
        assert stripe.WebhookSignature.verify_header(delivery.body, header, SECRET)
        assert json.loads(delivery.body)["type"] == "customer.created"
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.WebhookSignature.verify_header(delivery.body + b" ", header, SECRET)

    def test_fits_the_raw_bytes_alone(self, fake: FakeStripe, client: stripe.StripeClient) -> None:
        make_customers(client, 1)
        delivery = fake.take_deliveries()[0]
        rewritten = json.dumps(json.loads(delivery.body))
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.WebhookSignature.verify_header(rewritten, delivery.headers["Stripe-Signature"], SECRET)

    def test_is_signed_with_both_secrets_while_one_is_rolled(self) -> None:
        header = deliveries.sign(b"{}", secrets=["whsec_new", "whsec_old"], timestamp=1)
        for secret in ("whsec_new", "whsec_old"):
            assert stripe.WebhookSignature.verify_header(b"{}", header, secret)

    def test_goes_only_where_the_event_is_wanted(self, fake: FakeStripe, client: stripe.StripeClient) -> None:
        made = client.v1.webhook_endpoints.create({"url": "http://other/", "enabled_events": ["customer.deleted"]})
        assert made.secret is not None
        customer = client.v1.customers.create()
        assert [delivery.url for delivery in fake.take_deliveries()] == [URL]
        client.v1.customers.delete(customer.id)
        assert {delivery.url for delivery in fake.take_deliveries()} == {URL, "http://other/"}

    def test_leaves_out_endpoints_that_are_switched_off_or_deleted(
        self, fake: FakeStripe, client: stripe.StripeClient
    ) -> None:
        one = client.v1.webhook_endpoints.create({"url": "http://one/", "enabled_events": ["*"]})
        other = client.v1.webhook_endpoints.create({"url": "http://other/", "enabled_events": ["*"]})
        client.v1.webhook_endpoints.update(one.id, {"disabled": True})
        client.v1.webhook_endpoints.delete(other.id)
        make_customers(client, 1)
        assert [delivery.url for delivery in fake.take_deliveries()] == [URL]

    def test_follows_our_own_endpoint_to_a_new_address(self, fake: FakeStripe, client: stripe.StripeClient) -> None:
        make_customers(client, 1)
        fake.listen("http://127.0.0.1:8001/", secret="whsec_other")
        make_customers(client, 1)
        waiting = fake.take_deliveries()
        assert [delivery.url for delivery in waiting] == ["http://127.0.0.1:8001/"] * 2
        for delivery in waiting:
            header = delivery.headers["Stripe-Signature"]
            assert stripe.WebhookSignature.verify_header(delivery.body, header, "whsec_other")


class TestRetries:
    @pytest.mark.parametrize("status", [400, 404, 500, 302, None])
    def test_come_later_each_time_until_one_is_accepted(
        self, fake: FakeStripe, client: stripe.StripeClient, clock: Clock, status: int | None
    ) -> None:
        make_customers(client, 1)
        endpoint = Endpoint(status, status)
        fake.deliver(endpoint)
        assert fake.deliver(endpoint) == 0
        for seconds in deliveries.RETRY_SECONDS[:2]:
            clock.now += seconds
            assert fake.deliver(endpoint) == 1
        clock.now += 1e6
        assert fake.deliver(endpoint) == 0
        assert len({delivery.event_id for delivery in endpoint.got}) == 1
        assert fake.objects("event")[-1]["pending_webhooks"] == 0

    def test_carry_a_new_time_in_their_signature(
        self, fake: FakeStripe, client: stripe.StripeClient, clock: Clock
    ) -> None:
        make_customers(client, 1)
        endpoint = Endpoint(500)
        fake.deliver(endpoint)
        clock.now += 2
        fake.deliver(endpoint)
        first, second = (delivery.headers["Stripe-Signature"] for delivery in endpoint.got)
        assert first != second

    def test_are_given_up_in_the_end(self, fake: FakeStripe, client: stripe.StripeClient, clock: Clock) -> None:
        make_customers(client, 1)
        endpoint = Endpoint(*[500] * 20)
        for seconds in [0.0, *deliveries.RETRY_SECONDS, 1e6]:
            clock.now += seconds
            fake.deliver(endpoint)
        assert len(endpoint.got) == len(deliveries.RETRY_SECONDS) + 1
        assert fake.objects("event")[-1]["pending_webhooks"] == 1


class TestDeliveryFaults:
    def test_duplicate_sends_the_same_event_twice(self, fake: FakeStripe, client: stripe.StripeClient) -> None:
        fake.switch("duplicate")
        make_customers(client, 2)
        endpoint = Endpoint()
        fake.deliver(endpoint)
        ids = [delivery.event_id for delivery in endpoint.got]
        assert (len(ids), len(set(ids))) == (4, 2)

    def test_twin_sends_the_same_under_another_id(self, fake: FakeStripe, client: stripe.StripeClient) -> None:
        fake.switch("twin")
        make_customers(client, 1)
        one, other = fake.take_deliveries()
        assert one.event_id != other.event_id
        assert json.loads(one.body)["data"] == json.loads(other.body)["data"]
        assert client.v1.events.retrieve(other.event_id).type == "customer.created"

    def test_late_holds_events_back(self, fake: FakeStripe, client: stripe.StripeClient, clock: Clock) -> None:
        fake.switch("late", times=1)
        make_customers(client, 2)
        assert len(fake.take_deliveries()) == 1
        clock.now += deliveries.LATE_SECONDS
        assert len(fake.take_deliveries()) == 2

    def test_reordered_turns_what_waits_around(
        self, fake: FakeStripe, client: stripe.StripeClient, person: Person
    ) -> None:
        fake.switch("reordered")
        subscribe(client, person)
        endpoint = Endpoint()
        fake.deliver(endpoint)
        told = [name for name in event_types(fake) if not name.startswith(("product", "price"))]
        assert endpoint.types == told[::-1]

    def test_lost_never_sends_but_keeps_for_redelivery(
        self, fake: FakeStripe, client: stripe.StripeClient, clock: Clock
    ) -> None:
        fake.switch("lost", times=1)
        make_customers(client, 1)
        clock.now += 1e6
        assert fake.take_deliveries() == []
        event = client.v1.events.list({"delivery_success": False}).data[0]
        with fake.change() as world:
            deliveries.redeliver(world.store, event.id, now=world.real_now())
        assert [delivery.event_id for delivery in fake.take_deliveries()] == [event.id]

    def test_may_be_limited_to_a_type(self, fake: FakeStripe, client: stripe.StripeClient, person: Person) -> None:
        fake.switch("lost", only="checkout.session")
        subscribe(client, person)
        endpoint = Endpoint()
        fake.deliver(endpoint)
        assert "customer.created" in endpoint.types
        assert "checkout.session.completed" not in endpoint.types
