"""POST subscriptions/update, change-plan, cancel and resume."""

import pytest

from accounts.models import Role
from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.person import Person as Buyer
from subscriptions.models import Intent, Subscription
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import Person, make_api_token, make_person
from tests.subscriptions.buying import MONTHLY, TEAM, YEARLY, at_stripe, buy, charged, learn

DECLINING = "4000000000000341"
UNACCEPTABLE = {"flat": 400, "enveloped": 422}
BODIES: dict[str, dict[str, object]] = {
    "update-subscription": {"seats": 7},
    "change-plan": {"price_id": YEARLY},
    "cancel-current-subscription": {"immediately": True},
    "resume-subscription": {},
}


def send(api: Api, person: Person, what: str, **body: object) -> Answer:
    """Change the subscription."""
    return api.as_bearer(person.token).post(what, body or None)


def seats_at_stripe(fake: FakeStripe) -> int:
    """How many are paid for."""
    quantity: int = at_stripe(fake)["items"]["data"][0]["quantity"]
    return quantity


class TestUpdate:
    def test_charges_for_more_seats_at_once(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner, seats=3)
        answer = send(api, owner, "update-subscription", seats=5)
        assert (answer.status, answer.data["seats"], answer.data["status"]) == (200, 5, "active")
        assert seats_at_stripe(fake) == 5
        first, second = charged(fake)
        assert first == 3 * 4900
        assert second == pytest.approx(2 * 4900, abs=2)
        license = Subscription.objects.get().license
        assert license is not None
        assert license.max_seats == 5

    def test_charges_nothing_for_fewer(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner, seats=3)
        assert send(api, owner, "update-subscription", seats=1).data["seats"] == 1
        assert (seats_at_stripe(fake), len(charged(fake))) == (1, 1)

    def test_twice_is_once(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner, seats=3)
        assert [send(api, owner, "update-subscription", seats=5).data["seats"] for _ in range(2)] == [5, 5]
        assert len(charged(fake)) == 2

    def test_goes_by_what_stripe_has_not_by_what_we_last_heard(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner, seats=3)
        Subscription.objects.update(seats=5)
        assert send(api, owner, "update-subscription", seats=5).data["seats"] == 5
        assert seats_at_stripe(fake) == 5

    def test_changes_nothing_where_the_card_is_declined(
        self, api: Api, fake: FakeStripe, buyer: Buyer, owner: Person
    ) -> None:
        buy(fake, owner, seats=3)
        buyer.changes_card(at_stripe(fake)["customer"], number=DECLINING)
        refusal = send(api, owner, "update-subscription", seats=5)
        assert_problem(refusal, 409, "payment_declined")
        assert refusal.details["reason"]
        assert (seats_at_stripe(fake), learn(owner).seats) == (3, 3)

    @pytest.mark.parametrize(("price_id", "bought", "seats"), [(TEAM, 5, 4), (TEAM, 5, 101), (MONTHLY, 3, 0)])
    def test_is_held_to_the_plan(
        self, api: Api, fake: FakeStripe, owner: Person, price_id: str, bought: int, seats: int
    ) -> None:
        buy(fake, owner, seats=bought, price_id=price_id)
        answer = send(api, owner, "update-subscription", seats=seats)
        assert (answer.status, list(answer.errors)) == (UNACCEPTABLE[api.dialect], ["seats"])
        assert seats_at_stripe(fake) == bought

    def test_waits_until_what_is_due_is_paid(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner, seats=3)
        fake.switch("card_declined")
        fake.advance(days=32)
        refusal = send(api, owner, "update-subscription", seats=5)
        assert_problem(refusal, 409, "subscription_not_paid")
        assert refusal.details == {"status": "past_due"}
        assert seats_at_stripe(fake) == 3


class TestUpdateOverABadLine:
    @pytest.mark.parametrize("fault", ["answer_lost", "time_out", "error_500"])
    def test_charges_once_however_often_it_is_asked(
        self, api: Api, fake: FakeStripe, owner: Person, fault: str
    ) -> None:
        buy(fake, owner, seats=3)
        fake.switch(fault, only="POST /v1/subscriptions", times=1)
        keyed = api.with_headers(idempotency_key="one")
        assert_problem(send(keyed, owner, "update-subscription", seats=5), 503, "stripe_unavailable")
        answer = send(keyed, owner, "update-subscription", seats=5)
        assert (answer.status, answer.data["seats"]) == (200, 5)
        assert len(charged(fake)) == 2
        assert Intent.objects.filter(kind="change").count() == 1

    def test_changes_nothing_while_stripe_is_away(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner, seats=3)
        fake.switch("time_out")
        assert_problem(send(api, owner, "update-subscription", seats=5), 503, "stripe_unavailable")
        fake.switch("time_out", times=0)
        assert (seats_at_stripe(fake), learn(owner).seats) == (3, 3)


class TestChangePlan:
    def test_goes_over_to_another_plan(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner, seats=5)
        changed = send(api, owner, "change-plan", price_id=TEAM).data
        assert (changed["plan"], changed["price_id"], changed["seats"]) == ("team", TEAM, 5)
        owner.organization.refresh_from_db()
        assert owner.organization.plan == "team"

    def test_goes_over_to_yearly(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        before = buy(fake, owner, seats=2)
        changed = send(api, owner, "change-plan", price_id=YEARLY).data
        assert (changed["plan"], changed["price_id"]) == ("pro", YEARLY)
        assert learn(owner).current_period_end.year > before.current_period_start.year
        assert sum(charged(fake)) == pytest.approx(2 * 47000, abs=2)

    def test_twice_is_once(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        assert [send(api, owner, "change-plan", price_id=TEAM).status for _ in range(2)] == [200, 200]
        assert len(charged(fake)) == 2

    @pytest.mark.parametrize(("price_id", "bought"), [(TEAM, 3), ("price_none", 3), ("enterprise", 3)])
    def test_is_held_to_what_is_on_offer(
        self, api: Api, fake: FakeStripe, owner: Person, price_id: str, bought: int
    ) -> None:
        buy(fake, owner, seats=bought)
        answer = send(api, owner, "change-plan", price_id=price_id)
        assert (answer.status, list(answer.errors)) == (UNACCEPTABLE[api.dialect], ["price_id"])
        assert at_stripe(fake)["items"]["data"][0]["price"]["id"] == MONTHLY


class TestCancel:
    def test_lets_it_end_with_the_period_that_is_paid(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        canceled = send(api, owner, "cancel-current-subscription").data
        assert (canceled["status"], canceled["cancel_at_period_end"]) == ("active", True)
        assert at_stripe(fake)["cancel_at_period_end"] is True

    def test_at_once_ends_it(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        canceled = send(api, owner, "cancel-current-subscription", immediately=True).data
        assert (canceled["status"], canceled["cancel_at_period_end"]) == ("canceled", False)
        assert at_stripe(fake)["status"] == "canceled"
        current = api.as_bearer(owner.token).get("current-subscription").data
        assert (current["plan"], current["id"], current["seats"]) == ("free", None, 1)

    @pytest.mark.parametrize("body", [{}, {"immediately": False}, {"immediately": True}])
    def test_twice_is_once(self, api: Api, fake: FakeStripe, owner: Person, body: dict[str, object]) -> None:
        buy(fake, owner)
        first, second = (send(api, owner, "cancel-current-subscription", **body) for _ in range(2))
        assert (first.status, second.status) == (200, 200)
        assert first.data == second.data

    def test_at_once_is_possible_after_a_cancellation_at_the_end(
        self, api: Api, fake: FakeStripe, owner: Person
    ) -> None:
        buy(fake, owner)
        send(api, owner, "cancel-current-subscription")
        assert send(api, owner, "cancel-current-subscription", immediately=True).data["status"] == "canceled"

    def test_names_the_subscription(self, api: Api, fake: FakeStripe, owner: Person, outsider: Person) -> None:
        subscription = buy(fake, owner)
        foreign = api.as_bearer(outsider.token)
        assert_problem(
            foreign.post("cancel-subscription", subscription_id=subscription.pk), 404, "subscription_not_found"
        )
        own = api.as_bearer(owner.token).post("cancel-subscription", subscription_id=subscription.pk)
        assert own.data["cancel_at_period_end"] is True

    @pytest.mark.parametrize("fault", ["answer_lost", "time_out"])
    def test_survives_a_bad_line(self, api: Api, fake: FakeStripe, owner: Person, fault: str) -> None:
        buy(fake, owner)
        fake.switch(fault, only="DELETE", times=1)
        assert send(api, owner, "cancel-current-subscription", immediately=True).status == 503
        assert send(api, owner, "cancel-current-subscription", immediately=True).data["status"] == "canceled"


class TestResume:
    def test_takes_a_cancellation_back(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        send(api, owner, "cancel-current-subscription")
        resumed = send(api, owner, "resume-subscription")
        assert (resumed.status, resumed.data["cancel_at_period_end"]) == (200, False)
        assert at_stripe(fake)["cancel_at"] is None

    def test_leaves_alone_what_runs_anyway(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        assert send(api, owner, "resume-subscription").status == 200
        assert not Intent.objects.filter(kind="resume").exists()

    def test_brings_nothing_back_that_has_ended(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        buy(fake, owner)
        send(api, owner, "cancel-current-subscription", immediately=True)
        assert_problem(send(api, owner, "resume-subscription"), 409, "subscription_ended")


class TestRights:
    @pytest.mark.parametrize("what", BODIES)
    def test_are_the_owners(self, api: Api, fake: FakeStripe, owner: Person, outsider: Person, what: str) -> None:
        buy(fake, owner)
        before = at_stripe(fake)
        for role in (Role.ADMIN, Role.MEMBER, Role.VIEWER):
            colleague = make_person(role, organization=owner.organization)
            assert_problem(send(api, colleague, what, **BODIES[what]), 403, "permission_denied")
        assert_problem(send(api, outsider, what, **BODIES[what]), 404, "subscription_not_found")
        foreign = api.with_headers(x_organization_id=str(owner.organization.pk))
        assert_problem(send(foreign, outsider, what, **BODIES[what]), 404, "organization_not_found")
        assert at_stripe(fake) == before

    @pytest.mark.parametrize("what", BODIES)
    def test_of_a_token_are_its_scopes(self, api: Api, fake: FakeStripe, owner: Person, what: str) -> None:
        buy(fake, owner)
        reads, manages = (make_api_token(owner, scope) for scope in ("read:billing", "manage:billing"))
        assert_problem(api.as_bearer(reads).post(what, BODIES[what]), 403, "insufficient_scope")
        assert api.as_bearer(manages).post(what, BODIES[what]).status == 200
