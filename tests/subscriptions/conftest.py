"""A fake Stripe in memory that our gateway talks to."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from coditect.local.fake_stripe.client import InProcessClient
from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.person import Person as Buyer
from subscriptions import stripe


@pytest.fixture
def fake(settings: Settings) -> Iterator[FakeStripe]:
    """An account that nothing was bought from."""
    fake = FakeStripe()
    settings.STRIPE_SECRET_KEY = fake.key
    stripe.talk_through(InProcessClient(fake))
    yield fake
    stripe.talk_through(None)
    fake.close()


@pytest.fixture
def buyer(fake: FakeStripe) -> Buyer:
    """Somebody in front of Stripe's pages."""
    return Buyer(fake)
