"""What receivers are sent: the same each time, without keys, and with nobody's address who wants to be forgotten."""

import json
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.services.personal_data import delete_account
from coditect.journal.models import Event
from licenses.models import LicenseKey
from licenses.services.rotate_key import rotate_key
from licenses.services.transfer import transfer_license
from tests.factories import PASSWORD
from tests.public_events.scene import Scene
from webhooks.payloads import bodies_of, body_of


def event_of(event_type: str) -> Event:
    """The one event of a type."""
    return Event.objects.get(type=event_type)


def data_of(event: Event) -> dict[str, Any]:
    """What a receiver reads."""
    data: dict[str, Any] = json.loads(body_of(event))["data"]
    return data


class TestBody:
    def test_tells_who_took_a_seat_of_what_where(self, scene: Scene) -> None:
        session = scene.seat(machine="ada's laptop")
        event = event_of("license.seat.acquired")
        body = json.loads(body_of(event))
        assert (body["id"], body["type"]) == (str(event.pk), "license.seat.acquired")
        assert body["organization_id"] == str(scene.owner.organization.pk)
        assert body["data"] | {"started_at": None} == {
            "session_id": str(session.pk),
            "license_id": str(scene.license.pk),
            "user_id": str(scene.owner.user_id),
            "user_email": scene.owner.membership.user.email,
            "hardware_id": "ada's laptop",
            "started_at": None,
            "max_seats": 2,
            "seats_remaining": 1,
        }

    def test_is_the_same_each_time(self, scene: Scene) -> None:
        scene.seat()
        assert body_of(event_of("license.seat.acquired")) == body_of(event_of("license.seat.acquired"))

    def test_tells_the_present_address(self, scene: Scene) -> None:
        scene.seat()
        User.objects.filter(pk=scene.owner.user_id).update(email="new@example.com")
        assert data_of(event_of("license.seat.acquired"))["user_email"] == "new@example.com"

    def test_tells_no_address_of_whoever_left_for_good(self, scene: Scene) -> None:
        member = scene.member()
        scene.seat(holder=member)
        delete_account(user=member.user, password=PASSWORD, now=timezone.now())
        for event_type in ("license.seat.acquired", "license.seat.revoked", "member.removed"):
            data = data_of(event_of(event_type))
            assert (data["user_id"], data["user_email"]) == (str(member.user_id), None)

    def test_has_no_key_in_it(self, scene: Scene) -> None:
        rotate_key(license_id=scene.license.pk, now=timezone.now())
        events = Event.objects.filter(subject_id=scene.license.pk)
        text = b"".join(bodies_of(list(events))).decode()
        scene.license.refresh_from_db()
        known = [*LicenseKey.objects.values_list("pk", flat=True), scene.license.key_string]
        assert [key for key in known if key in text.replace("-", "") or key in text] == []
        assert data_of(event_of("license.key_rotated"))["key_ending"] == scene.license.key_string[-4:]

    def test_takes_one_look_at_the_users_of_many(self, scene: Scene) -> None:
        for number in range(2):
            scene.seat(machine=f"machine-{number}")
        events = list(Event.objects.filter(type="license.seat.acquired"))
        with CaptureQueriesContext(connection) as queries:
            bodies = bodies_of(events)
        assert (len(bodies), len(queries)) == (2, 1)


class TestTransfer:
    def test_tells_each_side_its_own_and_nothing_of_the_other(self, scene: Scene) -> None:
        scene.seat()
        outsider = scene.outsider.organization
        transfer_license(license_id=scene.license.pk, organization_id=outsider.pk, now=timezone.now())
        theirs = Event.objects.filter(organization_id=outsider.pk, subject_id=scene.license.pk)
        assert [event.data["direction"] for event in theirs] == ["in"]
        ours = list(Event.objects.filter(organization_id=scene.owner.organization.pk).order_by("number"))
        assert [event.type for event in ours[-2:]] == ["license.seat.revoked", "license.transferred"]
        assert str(outsider.pk) not in b"".join(bodies_of(ours)).decode()
        assert str(scene.owner.organization.pk) not in b"".join(bodies_of(list(theirs))).decode()
