"""GET subscriptions/plans, current, subscriptions, subscriptions/{id}, invoices, and POST subscriptions/portal."""

from django.test import TestCase

from accounts.models import Role
from coditect.local.fake_stripe.fake import FakeStripe
from subscriptions.models import Plan, Price
from tests.api.shapes import assert_problem
from tests.dialects import Api
from tests.factories import Person, make_api_token, make_person
from tests.subscriptions.buying import MONTHLY, buy, learn


class TestPlans:
    def test_are_told_to_anybody(self, api: Api) -> None:
        answer = api.as_bearer("nonsense").get("plans")
        assert answer.status == 200
        plans = {plan["id"]: plan for plan in answer.rows("plans")}
        assert list(plans) == ["free", "pro", "team", "enterprise"]
        assert [(plan["min_seats"], plan["max_seats"]) for plan in plans.values()] == [
            (1, 1),
            (1, None),
            (5, 100),
            (1, None),
        ]
        prices = {price["price_id"]: price for plan in plans.values() for price in plan["prices"]}
        assert {id: (price["interval"], price["unit_amount"], price["currency"]) for id, price in prices.items()} == {
            "price_pro_monthly": ("month", 4900, "usd"),
            "price_pro_yearly": ("year", 47000, "usd"),
            "price_team_monthly": ("month", 5800, "usd"),
        }

    def test_are_those_on_offer(self, api: Api) -> None:
        Plan.objects.filter(pk="team").update(is_offered=False)
        Price.objects.filter(pk=MONTHLY).update(is_offered=False)
        told = {plan["id"]: [price["price_id"] for price in plan["prices"]] for plan in api.get("plans").rows("plans")}
        assert told == {"free": [], "pro": ["price_pro_yearly"], "enterprise": []}

    def test_take_three_queries_however_many_there_are(self, db: None) -> None:
        with TestCase().assertNumQueries(3):
            Api("flat").get("plans")

    def test_name_prices_that_the_fake_stripe_knows(self, db: None, fake: FakeStripe) -> None:
        ours = {price.stripe_price_id: (price.unit_amount, price.interval) for price in Price.objects.all()}
        theirs = {each["id"]: (each["unit_amount"], each["recurring"]["interval"]) for each in fake.objects("price")}
        assert ours == theirs


class TestCurrent:
    def test_is_the_free_plan_without_a_subscription(self, api: Api, owner: Person) -> None:
        answer = api.as_bearer(owner.token).get("current-subscription")
        free = owner.organization.licenses.get(tier="free")
        told = {name: value for name, value in answer.data.items() if value is not None}
        assert answer.status == 200
        assert told == {
            "plan": "free",
            "tier": "free",
            "status": "active",
            "seats": 1,
            "cancel_at_period_end": False,
            "license_id": str(free.pk),
        }

    def test_is_the_subscription(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        subscription = buy(fake, owner, seats=3)
        told = api.as_bearer(owner.token).get("current-subscription").data
        assert told == api.as_bearer(owner.token).get("subscription", subscription_id=subscription.pk).data
        assert (told["plan"], told["tier"], told["seats"], told["price_id"]) == ("pro", "pro", 3, MONTHLY)
        assert told["license_id"] == str(subscription.license_id)

    def test_is_told_to_every_member_whether_stripe_is_there_or_not(
        self, api: Api, fake: FakeStripe, owner: Person
    ) -> None:
        buy(fake, owner)
        fake.switch("time_out")
        for role in (Role.ADMIN, Role.MEMBER, Role.VIEWER):
            colleague = make_person(role, organization=owner.organization)
            assert api.as_bearer(colleague.token).get("current-subscription").data["plan"] == "pro"

    def test_is_ones_own(self, api: Api, fake: FakeStripe, owner: Person, outsider: Person) -> None:
        buy(fake, owner)
        assert api.as_bearer(outsider.token).get("current-subscription").data["plan"] == "free"
        foreign = api.as_bearer(outsider.token).with_headers(x_organization_id=str(owner.organization.pk))
        assert_problem(foreign.get("current-subscription"), 404, "organization_not_found")

    def test_is_read_by_a_token_with_the_scope(self, api: Api, owner: Person) -> None:
        reads, other = (make_api_token(owner, scope) for scope in ("read:billing", "read:licenses"))
        assert api.as_bearer(reads).get("current-subscription").status == 200
        assert_problem(api.as_bearer(other).get("current-subscription"), 403, "insufficient_scope")


class TestOrganizationsPlan:
    def test_follows_the_subscription(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        shown = api.as_bearer(owner.token).get("organization", organization_id=owner.organization.pk).data
        assert shown["plan"] == "pro"
        api.as_bearer(owner.token).post("cancel-current-subscription", {"immediately": True})
        shown = api.as_bearer(owner.token).get("organization", organization_id=owner.organization.pk).data
        assert shown["plan"] == "free"

    def test_keeps_an_organization_from_being_deleted(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        delete = api.as_bearer(owner.token)
        assert_problem(delete.delete("organization", organization_id=owner.organization.pk), 409, "conflict")
        delete.post("cancel-current-subscription", {"immediately": True})
        assert delete.delete("organization", organization_id=owner.organization.pk).status in {200, 204}


class TestSubscriptions:
    def test_are_all_that_there_were(self, api: Api, fake: FakeStripe, owner: Person, outsider: Person) -> None:
        first = buy(fake, owner, seats=2)
        api.as_bearer(owner.token).post("cancel-current-subscription", {"immediately": True})
        fake.advance(days=1)
        second = buy(fake, owner, seats=3)
        rows = api.as_bearer(owner.token).get("subscriptions").rows("subscriptions")
        assert [(row["id"], row["status"]) for row in rows] == [
            (str(second.pk), "active"),
            (str(first.pk), "canceled"),
        ]
        live = api.as_bearer(owner.token).get("subscriptions", {"status": "active"}).rows("subscriptions")
        assert [row["id"] for row in live] == [str(second.pk)]
        assert api.as_bearer(outsider.token).get("subscriptions").rows("subscriptions") == []

    def test_are_for_owners(self, api: Api, fake: FakeStripe, owner: Person, outsider: Person) -> None:
        subscription = buy(fake, owner)
        admin = api.as_bearer(make_person(Role.ADMIN, organization=owner.organization).token)
        assert_problem(admin.get("subscriptions"), 403, "permission_denied")
        assert_problem(admin.get("subscription", subscription_id=subscription.pk), 403, "permission_denied")
        assert_problem(admin.get("invoices"), 403, "permission_denied")
        foreign = api.as_bearer(outsider.token).get("subscription", subscription_id=subscription.pk)
        assert_problem(foreign, 404, "subscription_not_found")


class TestInvoices:
    def test_are_those_of_the_organization(self, api: Api, fake: FakeStripe, owner: Person, outsider: Person) -> None:
        subscription = buy(fake, owner, seats=3)
        fake.advance(days=32)
        learn(owner)
        rows = api.as_bearer(owner.token).get("invoices").rows("invoices")
        assert [(row["status"], row["amount_paid"], row["subscription_id"]) for row in rows] == [
            ("paid", 3 * 4900, str(subscription.pk))
        ] * 2
        assert all(row["number"] and row["hosted_invoice_url"] for row in rows)
        assert api.as_bearer(outsider.token).get("invoices").rows("invoices") == []


class TestPortal:
    def test_is_a_page_of_stripes(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        answer = api.as_bearer(owner.token).post("billing-portal", {"return_url": "http://localhost:3000/billing"})
        (session,) = fake.objects("billing_portal.session")
        assert (answer.status, answer.data["portal_url"]) == (200, session["url"])
        assert session["return_url"] == "http://localhost:3000/billing"
        assert api.as_bearer(owner.token).post("billing-portal").status == 200

    def test_is_not_there_before_the_first_checkout(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        assert_problem(api.as_bearer(owner.token).post("billing-portal"), 409, "no_billing_account")

    def test_is_for_owners(self, api: Api, fake: FakeStripe, owner: Person, outsider: Person) -> None:
        buy(fake, owner)
        admin = make_person(Role.ADMIN, organization=owner.organization)
        assert_problem(api.as_bearer(admin.token).post("billing-portal"), 403, "permission_denied")
        assert_problem(api.as_bearer(outsider.token).post("billing-portal"), 409, "no_billing_account")

    def test_is_a_503_without_stripe(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        fake.switch("time_out")
        assert_problem(api.as_bearer(owner.token).post("billing-portal"), 503, "stripe_unavailable")
