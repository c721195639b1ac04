"""Two subscriptions of one customer: our checkouts let nobody buy a second one, but somebody may make it at Stripe."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from coditect.journal.models import Mail
from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.person import Person as Buyer
from coditect.local.fake_stripe.resources import catalog
from coditect.local.fake_stripe.resources import subscriptions as at_stripe
from coditect.local.fake_stripe.store import Json
from licenses.models import License
from subscriptions.models import Subscription
from subscriptions.services.cancel import cancel_subscription
from subscriptions.services.sync import sync_customer
from subscriptions.services.write_subscriptions import PriceUnknown
from tests.factories import Person
from tests.subscriptions.buying import MONTHLY, buy, check_out_by, learn
from tests.subscriptions.happening import counted, license_of


def make(fake: FakeStripe, *, seats: int, price: str = MONTHLY, **more: Any) -> str:
    """Somebody at Stripe itself makes a subscription, a minute later; its id."""
    fake.advance(seconds=60)
    (customer,) = fake.objects("customer")
    cards = fake.objects("payment_method")
    params: Json = {"customer": customer["id"], "items": [{"price": price, "quantity": seats}], **more}
    if cards:
        params["default_payment_method"] = cards[0]["id"]
    with fake.change() as world:
        return str(at_stripe.create(world, params)["id"])


def end(fake: FakeStripe, id: str) -> None:
    """It ends at Stripe itself, a minute later."""
    fake.advance(seconds=60)
    with fake.change() as world:
        at_stripe.cancel(world, {}, id)


def row(id: str) -> Subscription:
    """What is known of it here."""
    return Subscription.objects.get(stripe_subscription_id=id)


def rows(person: Person) -> list[tuple[int, str, bool]]:
    """Seats, status and whether it counts, of all, the oldest first."""
    found = Subscription.objects.for_organization(person.organization).order_by("created_at")
    return list(found.values_list("seats", "status", "is_surplus"))


class TestASecondSubscription:
    def test_gives_no_seats(self, fake: FakeStripe, owner: Person) -> None:
        first = buy(fake, owner, seats=3)
        make(fake, seats=5)
        assert learn(owner) == first
        assert rows(owner) == [(3, "active", False), (5, "active", True)]
        assert license_of(owner).max_seats == 3
        owner.organization.refresh_from_db()
        assert owner.organization.plan == "pro"

    def test_is_seen_by_operators(self, fake: FakeStripe, owner: Person, caplog: pytest.LogCaptureFixture) -> None:
        buy(fake, owner)
        id = make(fake, seats=5)
        with caplog.at_level(logging.ERROR):
            learn(owner)
        assert id in caplog.text
        learn(owner)
        assert counted(owner)["subscription.surplus"] == 1

    def test_takes_over_once_the_older_one_ends(self, fake: FakeStripe, owner: Person) -> None:
        first = buy(fake, owner, seats=3)
        key = license_of(owner).key_string
        second = make(fake, seats=5)
        learn(owner)
        end(fake, first.stripe_subscription_id)
        assert learn(owner) == row(second)
        assert rows(owner) == [(3, "canceled", False), (5, "active", False)]
        license = license_of(owner)
        assert (license.key_string, license.max_seats) == (key, 5)
        assert license.is_usable(at=timezone.now())

    @pytest.mark.parametrize("is_seen", [True, False], ids=["seen", "unseen"])
    def test_that_ends_first_was_nothing(self, fake: FakeStripe, owner: Person, is_seen: bool) -> None:
        buy(fake, owner, seats=3)
        second = make(fake, seats=5)
        if is_seen:
            learn(owner)
        end(fake, second)
        learn(owner)
        assert rows(owner) == [(3, "active", False), (5, "canceled", True)]
        assert (license_of(owner).max_seats, license_of(owner).is_usable(at=timezone.now())) == (3, True)

    def test_that_was_nothing_hands_no_license_on(self, fake: FakeStripe, owner: Person) -> None:
        first = buy(fake, owner, seats=3)
        key = license_of(owner).key_string
        end(fake, make(fake, seats=5))
        end(fake, first.stripe_subscription_id)
        learn(owner)
        fake.advance(seconds=60)
        buy(fake, owner, seats=4)
        assert (license_of(owner).key_string, license_of(owner).max_seats) == (key, 4)

    @pytest.mark.parametrize("is_seen", [True, False], ids=["seen", "unseen"])
    def test_gives_way_to_an_older_one_that_begins_later(self, fake: FakeStripe, owner: Person, is_seen: bool) -> None:
        session = check_out_by(owner, seats=3).stripe_session_id
        older = make(fake, seats=5, payment_behavior="default_incomplete")
        fake.advance(seconds=60)
        Buyer(fake).pays(str(session))
        if is_seen:
            assert learn(owner).seats == 3
        (customer,) = fake.objects("customer")
        Buyer(fake).changes_card(customer["id"])
        (invoice,) = fake.objects("invoice", status="open")
        Buyer(fake).pays_invoice(invoice["id"])
        assert learn(owner) == row(older)
        assert rows(owner) == [(5, "active", False), (3, "active", True)]
        assert license_of(owner).max_seats == 5
        (younger,) = Subscription.objects.filter(is_surplus=True)
        for id in (younger.stripe_subscription_id, older):
            end(fake, id)
        learn(owner)
        assert rows(owner) == [(5, "canceled", False), (3, "canceled", True)]
        assert license_of(owner).status_at(timezone.now() + timedelta(minutes=5)) == License.EXPIRED

    def test_is_not_reminded_of_beside_the_first(self, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        make(fake, seats=5)
        fake.switch("card_declined")
        fake.advance(days=32)
        sync_customer(organization=owner.organization, now=timezone.now() + timedelta(days=33))
        assert Subscription.objects.filter(status="past_due").count() == 2
        assert Mail.objects.filter(template="payment_failed").count() == 1
        assert counted(owner)["subscription.past_due"] == 2

    def test_can_be_canceled_by_its_id(self, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner, seats=3)
        id = make(fake, seats=5)
        learn(owner)
        organization, now = owner.organization, timezone.now()
        cancel_subscription(organization=organization, subscription_id=row(id).pk, immediately=True, now=now)
        assert rows(owner) == [(3, "active", False), (5, "canceled", True)]


class TestSomethingElseThatACustomerBuys:
    def test_is_passed_over(self, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner, seats=3)
        make(fake, seats=1, price=_foreign_price(fake))
        learn(owner)
        assert rows(owner) == [(3, "active", False)]
        assert license_of(owner).max_seats == 3

    def test_is_not_passed_over_where_it_is_all_there_is(self, fake: FakeStripe, owner: Person) -> None:
        check_out_by(owner)
        make(fake, seats=1, price=_foreign_price(fake), payment_behavior="default_incomplete")
        with pytest.raises(PriceUnknown):
            sync_customer(organization=owner.organization, now=timezone.now())


def _foreign_price(fake: FakeStripe) -> str:
    with fake.change() as world:
        product = catalog.create_product(world, {"name": "Advice"})
        about = {"product": product["id"], "currency": "usd", "unit_amount": 9900, "recurring": {"interval": "month"}}
        return str(catalog.create_price(world, about)["id"])
