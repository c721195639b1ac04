"""A fake Stripe in memory, the stripe package that talks to it, and a clock that stands still."""

import pytest
import stripe

from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.person import Person
from tests.fake_stripe.account import SECRET, URL, Clock
from tests.fake_stripe.client import InProcessClient


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fake(clock: Clock) -> FakeStripe:
    """An account whose events go to one endpoint."""
    fake = FakeStripe(clock=clock)
    fake.listen(URL, secret=SECRET)
    return fake


@pytest.fixture
def client(fake: FakeStripe) -> stripe.StripeClient:
    return stripe.StripeClient(fake.key, http_client=InProcessClient(fake))


@pytest.fixture
def person(fake: FakeStripe) -> Person:
    return Person(fake)
