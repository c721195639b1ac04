"""What is for the audit alone reaches nobody who asks for every event."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from django.utils import timezone

from accounts.models import Role
from accounts.services.members import assign_role
from coditect.journal.models import Event
from licenses.models import License
from licenses.services.acquire import NoSeatsAvailable
from licenses.services.license_files import sign_license_file
from tests.factories import Person, make_api_token
from tests.public_events.scene import Scene
from tests.webhooks.factories import make_endpoint
from webhooks.models import Delivery, Endpoint
from webhooks.services.dispatch import dispatch_events


def download(scene: Scene) -> None:
    """Have a license file signed: the organization did it itself, and knows."""
    sign_license_file(membership=scene.owner.membership, license_id=scene.license.pk, now=scene.now)


def be_denied(scene: Scene) -> None:
    """Ask for a third of two seats."""
    for machine in ("first", "second", "third"):
        with suppress(NoSeatsAvailable):
            scene.seat(machine=machine)


def make_token(scene: Scene) -> None:
    """Make an API token."""
    make_api_token(scene.owner)


def promote(scene: Scene) -> None:
    """Give a member another role."""
    assign_role(member=scene.member(), role=Role.ADMIN, now=scene.now)


PRIVATE: dict[str, Callable[[Scene], None]] = {
    "license.downloaded": download,
    "license.seat.denied": be_denied,
    "api_token.created": make_token,
    "member.role_changed": promote,
}


@pytest.fixture
def endpoint(owner: Person) -> Endpoint:
    """One that asks for every event."""
    return make_endpoint(owner.organization)


class TestEveryEvent:
    @pytest.mark.parametrize("event_type", PRIVATE)
    def test_leaves_out_what_is_for_the_audit(
        self, scene: Scene, endpoint: Endpoint, license: License, event_type: str
    ) -> None:
        dispatch_events(clock=timezone.now)
        PRIVATE[event_type](scene)
        recorded = set(Event.objects.values_list("type", flat=True))
        dispatch_events(clock=timezone.now)
        queued = set(Delivery.objects.filter(endpoint=endpoint).values_list("event_type", flat=True))
        assert event_type in recorded - queued
        assert not Event.objects.undispatched().exists()

    def test_takes_what_is_public(self, scene: Scene, endpoint: Endpoint) -> None:
        dispatch_events(clock=timezone.now)
        Delivery.objects.all().delete()
        scene.seat()
        dispatch_events(clock=timezone.now)
        assert list(Delivery.objects.values_list("event_type", flat=True)) == ["license.seat.acquired"]
