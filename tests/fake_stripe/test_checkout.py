"""Checkout sessions, from opening one to what paying it begins."""

import pytest
import stripe

from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.person import Person
from coditect.local.fake_stripe.problems import StripeProblem
from tests.fake_stripe.account import DECLINING, charged, event_types, item_of, open_checkout, subscribe


class TestPayingACheckout:
    def test_begins_a_subscription_with_that_quantity(self, client: stripe.StripeClient, person: Person) -> None:
        subscription = subscribe(client, person, seats=3)
        assert subscription.status == "active"
        assert item_of(subscription).quantity == 3
        assert item_of(subscription).price.id == "price_pro_monthly"
        assert subscription.metadata.to_dict() == {"organization": "org-1"}

    def test_charges_once(self, fake: FakeStripe, client: stripe.StripeClient, person: Person) -> None:
        subscribe(client, person, seats=3)
        assert charged(fake) == [3 * 4900]

    def test_completes_the_session(self, client: stripe.StripeClient, person: Person) -> None:
        session = client.v1.checkout.sessions.retrieve(person.pays(open_checkout(client).id)["id"])
        assert (session.status, session.payment_status, session.url) == ("complete", "paid", None)
        assert session.client_reference_id == "org-1"
        assert session.customer
        assert session.subscription

    def test_tells_of_it_in_stripes_order(self, fake: FakeStripe, client: stripe.StripeClient, person: Person) -> None:
        subscribe(client, person)
        told = [name for name in event_types(fake) if name.startswith(("customer.sub", "invoice.p", "checkout"))]
        assert told == [
            "customer.subscription.created",
            "invoice.paid",
            "invoice.payment_succeeded",
            "customer.subscription.updated",
            "checkout.session.completed",
        ]

    def test_with_a_declining_card_begins_nothing(
        self, fake: FakeStripe, client: stripe.StripeClient, person: Person
    ) -> None:
        session = open_checkout(client)
        with pytest.raises(StripeProblem, match="declined"):
            person.pays(session.id, number=DECLINING)
        assert client.v1.checkout.sessions.retrieve(session.id).status == "open"
        assert fake.objects("subscription") == []
        assert charged(fake) == []

    def test_twice_is_refused(self, client: stripe.StripeClient, person: Person) -> None:
        session = open_checkout(client)
        person.pays(session.id)
        with pytest.raises(StripeProblem, match="complete"):
            person.pays(session.id)


class TestTrial:
    def test_begins_without_a_charge(self, fake: FakeStripe, client: stripe.StripeClient, person: Person) -> None:
        subscription = subscribe(client, person, days=14)
        assert subscription.status == "trialing"
        assert charged(fake) == []
        assert item_of(subscription).current_period_end == subscription.trial_end


class TestExpiringACheckout:
    def test_closes_it(self, fake: FakeStripe, client: stripe.StripeClient, person: Person) -> None:
        session = open_checkout(client)
        assert client.v1.checkout.sessions.expire(session.id).status == "expired"
        with pytest.raises(StripeProblem, match="expired"):
            person.pays(session.id)

    def test_happens_by_itself_after_a_day(self, fake: FakeStripe, client: stripe.StripeClient) -> None:
        session = open_checkout(client)
        fake.advance(days=1.01)
        assert client.v1.checkout.sessions.retrieve(session.id).status == "expired"
        assert event_types(fake)[-1] == "checkout.session.expired"
