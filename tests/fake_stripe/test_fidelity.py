"""Whatever the fake answers or tells is an object as the stripe package describes it."""

from typing import Any

import pytest
import stripe

from coditect.local.fake_stripe import parameters, routes
from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.fidelity import RESOURCES, complaints
from coditect.local.fake_stripe.person import Person
from coditect.local.fake_stripe.problems import StripeProblem
from coditect.local.fake_stripe.shapes import api_version, fields_of
from coditect.local.fake_stripe.store import Json
from tests.fake_stripe.account import DAY, DECLINING, GOOD, body_of, item_of, open_checkout, subscribe

READABLE = sorted({route.pattern.pattern for route in routes.ROUTES if route.method == "GET"})
LISTS = [path for path in READABLE if "(" not in path]


@pytest.fixture
def told(fake: FakeStripe, client: stripe.StripeClient, person: Person) -> FakeStripe:
    """An account in which about everything has happened once."""
    first = subscribe(client, person, seats=3)
    given: Any = {"items": [{"id": item_of(first).id, "quantity": 5}], "proration_behavior": "always_invoice"}
    client.v1.subscriptions.update(first.id, given)
    client.v1.subscriptions.update(first.id, {"items": [{"id": item_of(first).id, "quantity": 4}]})
    client.v1.billing_portal.sessions.create({"customer": str(first.customer), "return_url": "http://localhost/"})
    client.v1.webhook_endpoints.create({"url": "http://localhost/other", "enabled_events": ["invoice.paid"]})
    client.v1.checkout.sessions.expire(open_checkout(client).id)
    trial = subscribe(client, person, seats=1, days=14)
    clock = client.v1.test_helpers.test_clocks.create({"frozen_time": int(fake.world.now())})
    client.v1.customers.create({"test_clock": clock.id, "name": "On a clock"})
    client.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": int(fake.world.now()) + DAY})
    fake.advance(days=40)
    person.changes_card(str(first.customer), number=DECLINING)
    fake.advance(days=40)
    person.changes_card(str(first.customer), number=GOOD)
    person.pays_invoice(fake.objects("invoice", status="open")[-1]["id"])
    client.v1.subscriptions.cancel(trial.id)
    return fake


class TestAnswers:
    def test_are_as_described_wherever_there_is_a_list(self, told: FakeStripe) -> None:
        for path in LISTS:
            status, body = body_of(told, "GET", f"{path}?limit=100")
            assert (status, list(complaints(body))) == (200, [])

    def test_of_every_kind_were_looked_at(self, told: FakeStripe) -> None:
        kinds = {row[0] for row in told.store.connection.execute("SELECT DISTINCT kind FROM object")}
        assert set(RESOURCES) - kinds == {"item", "line_item", "subscription_item"}

    def test_in_the_store_are_as_described(self, told: FakeStripe) -> None:
        for kind in RESOURCES:
            for body in told.objects(kind):
                assert list(complaints(body)) == []

    def test_with_a_known_mistake_are_refused(self, fake: FakeStripe, client: stripe.StripeClient) -> None:
        customer = client.v1.customers.create()
        with fake.change() as world:
            world.change(world.find("customer", customer.id), nonsense=1)
        status, body = body_of(fake, "GET", f"/v1/customers/{customer.id}")
        assert status == 500
        assert "customer.nonsense is unknown." in body["error"]["message"]


class TestEvents:
    def test_hold_objects_as_described(self, told: FakeStripe) -> None:
        events = told.objects("event")
        assert len({event["type"] for event in events}) > 25
        assert [list(complaints(event)) for event in events if list(complaints(event))] == []

    def test_have_the_one_api_version(self, told: FakeStripe) -> None:
        assert {event["api_version"] for event in told.objects("event")} == {api_version()}
        assert api_version() == stripe.api_version


class TestComplaints:
    @pytest.fixture
    def price(self, fake: FakeStripe) -> Json:
        return fake.objects("price")[0]

    def test_are_none_for_a_right_object(self, price: Json) -> None:
        assert list(complaints(price)) == []

    @pytest.mark.parametrize(
        ("change", "complaint"),
        [
            ({"surprise": 1}, "price.surprise is unknown."),
            ({"unit_amount": "4900"}, "price.unit_amount is '4900', not None."),
            ({"active": 1}, "price.active is 1, not bool."),
            ({"type": "weekly"}, "price.type is 'weekly', not ('one_time', 'recurring')."),
            ({"metadata": {"a": 1}}, "price.metadata.a is 1, not str."),
            ({"unit_amount_decimal": "many"}, "price.unit_amount_decimal is 'many', not Decimal."),
            ({"livemode": None}, "price.livemode is None, not bool."),
            ({"product": {"id": "prod_1"}}, "price.product.active is missing."),
        ],
        ids=lambda value: value if isinstance(value, str) else None,
    )
    def test_name_what_is_wrong(self, price: Json, change: Json, complaint: str) -> None:
        found = list(complaints({**price, **change}))
        assert any(one.startswith(complaint[:30]) for one in found), found

    def test_name_what_is_missing(self, price: Json) -> None:
        del price["currency"]
        assert list(complaints(price)) == ["price.currency is missing."]

    def test_name_an_unknown_kind(self) -> None:
        assert list(complaints({"object": "unicorn"})) == ["unicorn is no resource known here."]


class TestRoutes:
    @pytest.mark.parametrize("route", routes.ROUTES, ids=lambda route: f"{route.method} {route.pattern.pattern}")
    def test_know_only_parameters_that_stripe_knows(self, route: routes.Route) -> None:
        described = set(fields_of(parameters.struct_of(route.params)))
        assert (route.known or frozenset()) - described <= {"expand"}

    def test_refuse_what_stripe_knows_and_they_do_not(self) -> None:
        route = next(route for route in routes.ROUTES if route.params == "_customer_create_params")
        with pytest.raises(StripeProblem, match="does not know the parameter tax_exempt"):
            routes.check_known(route, {"tax_exempt": "none"})
