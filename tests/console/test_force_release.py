"""An administrator takes seats back."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from coditect.journal.models import Event
from licenses.models import License, SeatSession
from tests.api.shapes import assert_problem
from tests.console.conftest import signed_in
from tests.dialects import Api
from tests.factories import Person, make_user

LIST = "admin:licenses_seatsession_changelist"


@pytest.fixture
def seats(owner: Person, license: License) -> list[str]:
    """Two live seats."""
    api = Api("flat", owner.token)
    return [
        str(api.post("acquire", {"license_key": license.key_string, "hardware_id": name}).data["session_id"])
        for name in ("machine-1", "machine-2")
    ]


def force_release(client: Client, seats: list[str]) -> Any:
    """Run the action on rows."""
    return client.post(reverse(LIST), {"action": "force_release", "_selected_action": seats}, follow=True)


class TestForceRelease:
    def test_frees_the_seat_at_once(
        self, administrator: Client, api: Api, owner: Person, license: License, seats: list[str]
    ) -> None:
        assert "1 seats released" in force_release(administrator, seats[:1]).content.decode()
        session = SeatSession.objects.get(pk=seats[0])
        assert (session.status, session.ended_at is not None) == ("revoked", True)
        body = {"license_key": license.key_string, "hardware_id": "machine-3"}
        assert api.as_bearer(owner.token).post("acquire", body).status == 201

    def test_is_told_at_the_next_heartbeat(
        self, administrator: Client, api: Api, owner: Person, seats: list[str]
    ) -> None:
        force_release(administrator, seats[:1])
        holder = api.as_bearer(owner.token)
        assert_problem(holder.patch("heartbeat", session_id=seats[0]), 404, "seat_revoked")
        assert holder.patch("heartbeat", session_id=seats[1]).status == 200

    def test_takes_many(self, administrator: Client, seats: list[str]) -> None:
        assert "2 seats released" in force_release(administrator, seats).content.decode()
        assert not SeatSession.objects.unended().exists()

    def test_is_recorded(self, administrator: Client, seats: list[str]) -> None:
        force_release(administrator, seats[:1])
        event = Event.objects.get(type="license.seat.revoked")
        assert str(event.subject_id) == seats[0]
        assert event.request_id.startswith("req_")

    def test_names_who_did_it(self, administrator: Client, seats: list[str]) -> None:
        force_release(administrator, seats[:1])
        user_id = administrator.session["_auth_user_id"]
        assert str(Event.objects.get(type="license.seat.revoked").actor_id) == user_id

    def test_passes_over_seats_already_free(self, administrator: Client, owner: Person, seats: list[str]) -> None:
        Api("flat", owner.token).delete("session", session_id=seats[0])
        assert "1 seats released" in force_release(administrator, seats).content.decode()
        assert SeatSession.objects.get(pk=seats[0]).status == "released"

    def test_needs_the_permission_to_change_sessions(self, seats: list[str]) -> None:
        staff = make_user("staff@example.com", is_staff=True)
        permissions = Permission.objects.filter(content_type__app_label="licenses")
        staff.user_permissions.set(permissions.filter(codename="view_seatsession"))
        force_release(signed_in(staff), seats[:1])
        assert SeatSession.objects.get(pk=seats[0]).status == "active"
        staff.user_permissions.add(permissions.get(codename="change_seatsession"))
        force_release(signed_in(staff), seats[:1])
        assert SeatSession.objects.get(pk=seats[0]).status == "revoked"
