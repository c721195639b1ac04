"""What becomes of a checkout whose organization is deleted."""

import pytest
from django.utils import timezone

from accounts.services.organizations import delete_organization
from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.person import Person as Buyer
from subscriptions import stripe
from subscriptions.models import Checkout, Subscription
from subscriptions.services.close_checkouts import close_checkouts
from tests.factories import Person
from tests.subscriptions.buying import check_out_by


@pytest.fixture
def page(fake: FakeStripe, owner: Person) -> Checkout:
    """The page of somebody who then deleted the organization."""
    checkout = check_out_by(owner)
    delete_organization(by=owner.membership, now=timezone.now())
    return checkout


class TestCloseCheckouts:
    def test_lets_nobody_pay_for_who_is_gone(self, fake: FakeStripe, page: Checkout) -> None:
        assert close_checkouts(now=timezone.now()) == 1
        page.refresh_from_db()
        assert page.status == "expired"
        (session,) = fake.objects("checkout.session")
        assert session["status"] == "expired"
        assert close_checkouts(now=timezone.now()) == 0

    def test_leaves_alone_who_is_there(self, fake: FakeStripe, page: Checkout, outsider: Person) -> None:
        other = check_out_by(outsider)
        close_checkouts(now=timezone.now())
        other.refresh_from_db()
        assert other.status == "open"

    def test_writes_down_what_was_paid_in_the_last_moment(self, fake: FakeStripe, buyer: Buyer, page: Checkout) -> None:
        buyer.pays(str(page.stripe_session_id))
        close_checkouts(now=timezone.now())
        page.refresh_from_db()
        assert (page.status, Subscription.objects.get().status) == ("complete", "active")

    def test_tries_again_while_stripe_is_away(self, fake: FakeStripe, page: Checkout) -> None:
        fake.switch("time_out", times=1)
        with pytest.raises(stripe.StripeUnavailable):
            close_checkouts(now=timezone.now())
        assert close_checkouts(now=timezone.now()) == 1
