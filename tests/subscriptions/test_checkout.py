"""POST subscriptions/checkout, and POST subscriptions."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Role
from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.person import Person as Buyer
from subscriptions.models import Checkout, Intent, Price, StripeCustomer, Subscription
from tests.api.shapes import assert_problem
from tests.dialects import Api
from tests.factories import Person, make_api_token, make_person
from tests.subscriptions.buying import MONTHLY, TEAM, YEARLY, buy, charged, check_out, order
from tests.subscriptions.happening import SECRET, URL, counted, data_of, hear

IDEMPOTENCY_KEY = "3f0c"
UNACCEPTABLE = {"flat": 400, "enveloped": 422}


class TestOpenCheckout:
    def test_answers_a_page_to_pay_so_many_seats_at(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        answer = check_out(api, owner)
        (session,) = fake.objects("checkout.session")
        assert (answer.status, answer.data["session_id"], answer.data["checkout_url"]) == (
            201,
            session["id"],
            session["url"],
        )
        (line,) = fake.world.store.select("checkout.session")
        assert (line["_price"], line["_quantity"]) == (MONTHLY, 5)

    def test_begins_a_subscription_once_paid(self, api: Api, fake: FakeStripe, buyer: Buyer, owner: Person) -> None:
        buyer.pays(check_out(api, owner).data["session_id"])
        (subscription,) = fake.objects("subscription")
        assert subscription["metadata"]["organization_id"] == str(owner.organization.pk)
        assert subscription["customer"] == StripeCustomer.objects.get().stripe_customer_id
        assert charged(fake) == [5 * 4900]

    def test_is_the_same_in_the_short_form(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        answer = api.as_bearer(owner.token).post("subscriptions", order())
        assert (answer.status, answer.data) == (201, check_out(api, owner).data)

    def test_makes_the_organization_a_customer_once(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        for seats in (2, 3, 4):
            assert check_out(api, owner, seats=seats).status == 201
        (customer,) = fake.objects("customer")
        assert (customer["email"], customer["name"]) == (owner.membership.user.email, owner.organization.name)

    def test_asked_again_is_the_same_page(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        pages = {check_out(api, owner).data["checkout_url"] for _ in range(3)}
        assert len(pages) == 1
        assert len(fake.objects("checkout.session")) == 1

    @pytest.mark.parametrize("changes", [{"seats": 6}, {"price_id": YEARLY}, {"success_url": "http://localhost:3000/"}])
    def test_for_something_else_closes_the_page_before(
        self, api: Api, fake: FakeStripe, owner: Person, changes: dict[str, object]
    ) -> None:
        first = check_out(api, owner).data["session_id"]
        second = check_out(api, owner, **changes).data["session_id"]
        assert {each["id"]: each["status"] for each in fake.objects("checkout.session")} == {
            first: "expired",
            second: "open",
        }

    def test_that_is_closed_for_another_is_told_of_once(
        self, api: Api, fake: FakeStripe, owner: Person, settings: Settings
    ) -> None:
        settings.STRIPE_WEBHOOK_SECRETS = [SECRET]
        fake.listen(URL, secret=SECRET)
        first = check_out(api, owner).data["session_id"]
        check_out(api, owner, seats=6)
        assert [data["session_id"] for data in data_of(owner, "checkout.expired")] == [first]
        hear(fake)
        assert counted(owner) == {"checkout.expired": 1}

    def test_opens_another_page_once_one_has_run_out(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        first = check_out(api, owner).data
        fake.advance(days=1.1)
        assert check_out(api, owner).data["session_id"] != first["session_id"]
        assert sorted(Checkout.objects.values_list("status", flat=True)) == ["expired", "open"]

    def test_begins_with_a_trial_where_the_price_has_one(
        self, api: Api, fake: FakeStripe, buyer: Buyer, owner: Person
    ) -> None:
        Price.objects.filter(pk=MONTHLY).update(trial_days=14)
        buyer.pays(check_out(api, owner).data["session_id"])
        (subscription,) = fake.objects("subscription")
        assert (subscription["status"], charged(fake)) == ("trialing", [])

    def test_gives_no_second_trial(self, api: Api, fake: FakeStripe, buyer: Buyer, owner: Person) -> None:
        Price.objects.filter(pk=MONTHLY).update(trial_days=14)
        buy(fake, owner)
        api.as_bearer(owner.token).post("cancel-current-subscription", {"immediately": True})
        buyer.pays(check_out(api, owner).data["session_id"])
        assert charged(fake) == [5 * 4900]


class TestRefusedCheckout:
    def test_of_who_has_a_subscription(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        assert_problem(check_out(api, owner), 409, "already_subscribed")
        assert_problem(check_out(api, owner, price_id=TEAM), 409, "already_subscribed")

    def test_of_who_has_paid_although_nobody_told_us(
        self, api: Api, fake: FakeStripe, buyer: Buyer, owner: Person
    ) -> None:
        buyer.pays(check_out(api, owner).data["session_id"])
        assert_problem(check_out(api, owner, seats=6), 409, "already_subscribed")
        assert Subscription.objects.get().seats == 5
        assert charged(fake) == [5 * 4900]

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"price_id": "price_none"}, "price_id"),
            ({"price_id": "free"}, "price_id"),
            ({"price_id": TEAM, "seats": 4}, "seats"),
            ({"price_id": TEAM, "seats": 101}, "seats"),
            ({"seats": 0}, "seats"),
            ({"seats": -1}, "seats"),
            ({"seats": 100_001}, "seats"),
        ],
    )
    def test_of_what_is_not_on_offer(
        self, api: Api, fake: FakeStripe, owner: Person, changes: dict[str, object], field: str
    ) -> None:
        answer = check_out(api, owner, **changes)
        assert answer.status == UNACCEPTABLE[api.dialect]
        assert list(answer.errors) == [field]
        assert fake.objects("checkout.session") == []

    def test_of_a_price_that_is_not_offered_any_more(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        Price.objects.filter(pk=MONTHLY).update(is_offered=False)
        assert list(check_out(api, owner).errors) == ["price_id"]

    def test_of_all_but_owners(self, api: Api, fake: FakeStripe, owner: Person, outsider: Person) -> None:
        for role in (Role.ADMIN, Role.MEMBER, Role.VIEWER):
            colleague = make_person(role, organization=owner.organization)
            assert_problem(check_out(api, colleague), 403, "permission_denied")
        foreign = api.with_headers(x_organization_id=str(owner.organization.pk))
        assert_problem(check_out(foreign, outsider), 404, "organization_not_found")
        assert fake.objects("checkout.session") == []

    def test_of_tokens_without_the_scope(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        reads, manages = (make_api_token(owner, scope) for scope in ("read:billing", "manage:billing"))
        assert_problem(api.as_bearer(reads).post("checkout", order()), 403, "insufficient_scope")
        assert api.as_bearer(manages).post("checkout", order()).status == 201


class TestCheckoutWithoutStripe:
    @pytest.mark.parametrize("fault", ["time_out", "error_500", "rate_limited", "answer_lost"])
    def test_is_a_503_and_the_same_once_it_is_back(self, api: Api, fake: FakeStripe, owner: Person, fault: str) -> None:
        fake.switch(fault, only="POST /v1/checkout", times=2)
        for _ in range(2):
            answer = check_out(api, owner)
            assert_problem(answer, 503, "stripe_unavailable")
            assert int(answer.headers["Retry-After"]) > 0
        assert check_out(api, owner).status == 201
        assert len(fake.objects("checkout.session")) == 1

    def test_makes_one_customer_whatever_is_lost(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        fake.switch("answer_lost", only="/v1/customers", times=2)
        statuses = [check_out(api, owner).status for _ in range(3)]
        assert statuses == [503, 503, 201]
        assert len(fake.objects("customer")) == 1

    def test_finds_the_page_that_nobody_noted_again(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        """As if the process had died after Stripe's answer."""
        first = check_out(api, owner).data
        Checkout.objects.update(status="pending", stripe_session_id=None, url="")
        assert check_out(api, owner).data == first
        assert len(fake.objects("checkout.session")) == 1

    def test_gives_up_a_page_that_nobody_has_heard_of_for_another(
        self, api: Api, fake: FakeStripe, owner: Person
    ) -> None:
        fake.switch("answer_lost", only="POST /v1/checkout", times=1)
        assert check_out(api, owner).status == 503
        assert check_out(api, owner, seats=7).status == 201
        assert sorted(Intent.objects.filter(kind="checkout").values_list("status", flat=True)) == ["abandoned", "done"]

    @pytest.mark.parametrize(("kind", "path"), [("checkout", "/v1/checkout/sessions"), ("customer", "/v1/customers")])
    def test_asks_with_a_new_key_once_stripe_may_have_forgotten_the_old_one(
        self, api: Api, fake: FakeStripe, owner: Person, kind: str, path: str
    ) -> None:
        fake.switch("time_out", only=f"POST {path}", times=1)
        assert check_out(api, owner).status == 503
        Intent.objects.filter(kind=kind).update(created_at=timezone.now() - timedelta(hours=23, minutes=1))
        assert check_out(api, owner).status == 201
        assert sorted(Intent.objects.filter(kind=kind).values_list("status", flat=True)) == ["abandoned", "done"]

    def test_is_a_503_where_nothing_is_sold(self, api: Api, settings: Settings, owner: Person) -> None:
        settings.STRIPE_SECRET_KEY = ""
        assert_problem(check_out(api, owner), 503, "stripe_unavailable")


class TestCheckoutWithKey:
    def test_is_answered_again(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        keyed = api.with_headers(idempotency_key=IDEMPOTENCY_KEY)
        first, second = check_out(keyed, owner), check_out(keyed, owner)
        assert first.data == second.data
        assert "Idempotency-Replayed" not in first.headers
        assert second.headers["Idempotency-Replayed"] == "true"

    def test_refuses_the_key_for_something_else(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        keyed = api.with_headers(idempotency_key=IDEMPOTENCY_KEY)
        check_out(keyed, owner)
        assert_problem(check_out(keyed, owner, seats=6), UNACCEPTABLE[api.dialect], "idempotency_key_reused")

    def test_leaves_the_key_free_after_a_refusal(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        keyed = api.with_headers(idempotency_key=IDEMPOTENCY_KEY)
        fake.switch("time_out", only="POST /v1/checkout", times=1)
        assert [check_out(keyed, owner).status for _ in range(2)] == [503, 201]
