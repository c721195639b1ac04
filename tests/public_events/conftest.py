"""Where public events happen."""

import pytest

from coditect.local.fake_stripe.fake import FakeStripe
from licenses.models import License
from tests.factories import Person
from tests.public_events import watch
from tests.public_events.scene import Scene


@pytest.fixture
def scene(owner: Person, outsider: Person, license: License, fake: FakeStripe) -> Scene:
    """Two organizations, a license, a Stripe; what led there is forgotten."""
    watch.recorded.clear()
    return Scene(owner=owner, outsider=outsider, license=license, fake=fake)
