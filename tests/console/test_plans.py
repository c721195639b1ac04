"""Plans, prices and subscriptions in the console."""

import pytest
from django.test import Client
from django.urls import reverse

from coditect.journal.models import Event
from coditect.local.fake_stripe.fake import FakeStripe
from subscriptions.models import Plan, Price, Subscription
from tests.dialects import Api
from tests.factories import Person
from tests.subscriptions.buying import MONTHLY, buy

PLAN = {
    "name": "Pro",
    "tier": "pro",
    "description": "New words",
    "features": "floating_seats,webhooks",
    "min_seats": "1",
    "max_seats": "50",
    "position": "1",
    "is_offered": "on",
}
PRICE = {
    "id": "price_team_yearly",
    "plan": "team",
    "stripe_price_id": "price_1Team",
    "interval": "year",
    "unit_amount": "55000",
    "currency": "usd",
    "trial_days": "14",
    "is_offered": "on",
}


def page(name: str, *args: object) -> str:
    """The URL of a page."""
    return reverse(f"admin:subscriptions_{name}", args=args)


class TestPlans:
    def test_are_the_administrators(self, administrator: Client) -> None:
        assert administrator.post(page("plan_change", "pro"), PLAN).status_code == 302
        told = {plan["id"]: plan for plan in Api("flat").get("plans").rows("plans")}
        assert (told["pro"]["description"], told["pro"]["max_seats"]) == ("New words", 50)
        event = Event.objects.get(type="plan.changed")
        assert event.data["name"] == "pro"
        assert {"description", "max_seats"} <= set(event.data["changed"])
        assert event.actor_id is not None

    @pytest.mark.parametrize("changes", [{"min_seats": "0"}, {"max_seats": "0"}, {"min_seats": "51"}])
    def test_take_no_impossible_numbers(self, administrator: Client, changes: dict[str, str]) -> None:
        assert administrator.post(page("plan_change", "pro"), PLAN | changes).status_code == 200
        assert Plan.objects.get(pk="pro").max_seats is None

    def test_are_never_deleted(self, administrator: Client) -> None:
        assert administrator.post(page("plan_delete", "pro"), {"post": "yes"}).status_code == 403
        assert administrator.post(page("price_delete", MONTHLY), {"post": "yes"}).status_code == 403


class TestPrices:
    def test_are_added(self, administrator: Client) -> None:
        assert administrator.post(page("price_add"), PRICE).status_code == 302
        team = next(plan for plan in Api("flat").get("plans").rows("plans") if plan["id"] == "team")
        assert [price["price_id"] for price in team["prices"]] == ["price_team_monthly", "price_team_yearly"]

    def test_stay_what_they_were_sold_as(self, administrator: Client, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        form = PRICE | {"unit_amount": "1", "stripe_price_id": "price_other", "trial_days": "7"}
        administrator.post(page("price_change", MONTHLY), form)
        price = Price.objects.get(pk=MONTHLY)
        assert (price.unit_amount, price.stripe_price_id, price.trial_days) == (4900, MONTHLY, 7)


class TestBilling:
    def test_is_to_look_at(self, administrator: Client, fake: FakeStripe, owner: Person) -> None:
        subscription = buy(fake, owner)
        for name in ("subscription", "checkout", "invoice", "intent"):
            listed = administrator.get(page(f"{name}_changelist"), {"q": owner.organization.name})
            assert listed.status_code == 200
            assert listed.context["cl"].result_count >= 1
            assert administrator.get(page(f"{name}_add")).status_code == 403
        shown = administrator.get(page("subscription_change", subscription.pk))
        assert shown.status_code == 200
        administrator.post(page("subscription_change", subscription.pk), {"seats": "99"})
        assert Subscription.objects.get().seats == 5

    def test_shows_no_address_of_a_page_to_pay_at(self, administrator: Client, fake: FakeStripe, owner: Person) -> None:
        subscription = buy(fake, owner)
        invoice = subscription.invoices.get()
        text = administrator.get(page("invoice_change", invoice.pk)).content.decode()
        assert invoice.hosted_url
        assert invoice.hosted_url not in text
