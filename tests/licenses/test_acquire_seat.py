"""POST licenses/acquire."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import Role
from coditect.journal.models import Event
from licenses.models import License, SeatSession
from tests.dialects import Api
from tests.factories import Person, make_license, make_person
from tests.licenses.seats import acquire, beat, let_record_run_out, outlive

SEAT_FIELDS = {
    "session_id",
    "license_id",
    "license_key",
    "hardware_id",
    "started_at",
    "last_heartbeat_at",
    "expires_at",
    "is_active",
    "revoking",
    "seats_remaining",
    "max_seats",
    "heartbeat_interval",
}


class TestAcquireSeat:
    def test_gives_a_new_seat(self, api: Api, owner: Person, license: License) -> None:
        answer = acquire(api, owner, license, client_version="1.2.3")
        assert answer.status == 201
        seat = answer.data
        assert set(seat) == SEAT_FIELDS
        assert (seat["license_key"], seat["hardware_id"]) == (license.key_string, "machine-1")
        assert (seat["is_active"], seat["revoking"], seat["seats_remaining"], seat["max_seats"]) == (True, False, 1, 2)
        assert seat["heartbeat_interval"] == 180
        session = SeatSession.objects.get(pk=seat["session_id"])
        assert (session.slot, session.client_version, session.user_id) == (1, "1.2.3", owner.user_id)
        assert Event.objects.filter(type="license.seat.acquired", subject_id=session.pk).count() == 1

    def test_promises_six_minutes(self, api: Api, owner: Person, license: License) -> None:
        before = timezone.now()
        seat = acquire(api, owner, license).data
        promised = datetime.fromisoformat(seat["expires_at"])
        assert before + timedelta(seconds=359) < promised < timezone.now() + timedelta(seconds=361)

    def test_carries_the_lease_group_in_the_session_id(self, api: Api, owner: Person, license: License) -> None:
        session_id = acquire(api, owner, license).data["session_id"]
        assert session_id.replace("-", "").startswith(license.lease_group)
        assert session_id[14] == "8"

    def test_renews_the_seat_that_the_machine_holds(self, api: Api, owner: Person, license: License) -> None:
        first = acquire(api, owner, license)
        again = acquire(api, owner, license)
        assert (first.status, again.status) == (201, 200)
        assert again.data["session_id"] == first.data["session_id"]
        assert again.data["seats_remaining"] == 1
        assert SeatSession.objects.count() == 1

    def test_tells_users_of_one_machine_apart(self, api: Api, owner: Person, license: License) -> None:
        colleague = make_person(Role.MEMBER, organization=owner.organization)
        first, second = acquire(api, owner, license), acquire(api, colleague, license)
        assert (first.status, second.status) == (201, 201)
        assert first.data["session_id"] != second.data["session_id"]

    def test_refuses_when_every_seat_is_held(self, api: Api, owner: Person, license: License) -> None:
        seats = [acquire(api, owner, license, f"machine-{n}").data for n in range(2)]
        answer = acquire(api, owner, license, "machine-3")
        assert (answer.status, answer.code) == (409, "no_seats_available")
        assert "seats" in answer.message
        assert answer.details["max_seats"] == answer.details["active_seats"] == 2
        assert answer.details["next_available_at"] == min(seat["expires_at"] for seat in seats)

    def test_records_a_denial(self, api: Api, owner: Person) -> None:
        license = make_license(owner.organization, seats=1)
        acquire(api, owner, license)
        acquire(api, owner, license, "machine-2")
        denial = Event.objects.get(type="license.seat.denied")
        assert (denial.subject_id, denial.data["hardware_id"]) == (license.pk, "machine-2")

    def test_gives_a_dead_seat_away_at_once(self, api: Api, owner: Person) -> None:
        license = make_license(owner.organization, seats=1)
        dead = acquire(api, owner, license).data["session_id"]
        outlive(dead)
        assert acquire(api, owner, license, "machine-2").status == 201
        ended = SeatSession.objects.get(pk=dead)
        assert ended.end_reason == "expired"
        assert Event.objects.filter(type="license.seat.expired", subject_id=dead).count() == 1

    def test_keeps_the_seat_whose_lease_is_alive(self, api: Api, owner: Person) -> None:
        license = make_license(owner.organization, seats=1)
        let_record_run_out(acquire(api, owner, license).data["session_id"])
        assert acquire(api, owner, license, "machine-2").status == 409

    def test_gives_a_dead_machine_a_new_session(self, api: Api, owner: Person, license: License) -> None:
        dead = acquire(api, owner, license).data["session_id"]
        outlive(dead)
        again = acquire(api, owner, license)
        assert again.status == 201
        assert again.data["session_id"] != dead
        assert beat(api, owner, dead).code == "session_expired"

    @pytest.mark.parametrize(("status", "code"), [("suspended", "license_suspended"), ("revoked", "license_revoked")])
    def test_refuses_a_license_out_of_use(
        self, api: Api, owner: Person, license: License, status: str, code: str
    ) -> None:
        License.objects.filter(pk=license.pk).update(status=status)
        answer = acquire(api, owner, license)
        assert (answer.status, answer.code) == (403, code)

    def test_refuses_an_expired_license(self, api: Api, owner: Person, license: License) -> None:
        License.objects.filter(pk=license.pk).update(expires_at=timezone.now())
        answer = acquire(api, owner, license)
        assert (answer.status, answer.code) == (403, "license_expired")

    def test_promises_nothing_beyond_the_license_itself(self, api: Api, owner: Person) -> None:
        end = timezone.now().replace(microsecond=0) + timedelta(seconds=100)
        license = make_license(owner.organization, expires_at=end)
        seat = acquire(api, owner, license).data
        assert datetime.fromisoformat(seat["expires_at"]) == end
        assert datetime.fromisoformat(beat(api, owner, seat["session_id"]).data["expires_at"]) == end

    def test_hides_another_organizations_license(
        self, api: Api, owner: Person, outsider: Person, license: License
    ) -> None:
        foreign = acquire(api, outsider, license)
        unknown = api.as_bearer(owner.token).post(
            "acquire", {"license_key": "PROD-2025-NONE-0000", "hardware_id": "machine-1"}
        )
        assert (foreign.status, foreign.code, foreign.message) == (unknown.status, unknown.code, unknown.message)
        assert (foreign.status, foreign.code) == (404, "license_not_found")

    def test_refuses_a_viewer(self, api: Api, owner: Person, license: License) -> None:
        viewer = make_person(Role.VIEWER, organization=owner.organization)
        answer = acquire(api, viewer, license)
        assert (answer.status, answer.code) == (403, "permission_denied")

    def test_refuses_strangers(self, api: Api, license: License) -> None:
        answer = api.post("acquire", {"license_key": license.key_string, "hardware_id": "machine-1"})
        assert (answer.status, answer.code) == (401, "authentication_required")

    @pytest.mark.parametrize("claimed", [None, "0.0.0.0", "192.168.1.100", "127.0.0.1", "fe80::1", "nonsense"])
    def test_records_the_peers_address_instead_of_a_private_one(
        self, api: Api, owner: Person, license: License, claimed: str | None
    ) -> None:
        session_id = acquire(api, owner, license, ip_address=claimed).data["session_id"]
        assert SeatSession.objects.get(pk=session_id).ip_address == "127.0.0.1"

    def test_records_the_public_address_that_the_client_names(self, api: Api, owner: Person, license: License) -> None:
        session_id = acquire(api, owner, license, ip_address="8.8.8.8").data["session_id"]
        assert SeatSession.objects.get(pk=session_id).ip_address == "8.8.8.8"

    @pytest.mark.parametrize("spelling", [str.lower, lambda key: f" {key} ", lambda key: key.replace("-", " ")])
    def test_reads_keys_forgivingly(self, api: Api, owner: Person, license: License, spelling: object) -> None:
        assert callable(spelling)
        body = {"license_key": spelling(license.key_string), "hardware_id": "machine-1"}
        assert api.as_bearer(owner.token).post("acquire", body).status == 201

    def test_keeps_metadata_for_the_detail(self, api: Api, owner: Person, license: License) -> None:
        seat = acquire(api, owner, license, metadata={"room": "2.17"}).data
        assert "metadata" not in seat
        detail = api.as_bearer(owner.token).get("session", session_id=seat["session_id"])
        assert detail.data["metadata"] == {"room": "2.17"}

    @pytest.mark.parametrize(
        ("field", "value", "enveloped_status"),
        [
            ("hardware_id", "", 400),
            ("hardware_id", None, 400),
            ("hardware_id", ["a"], 400),
            ("hardware_id", "x" * 129, 422),
            ("metadata", {"big": "x" * 2049}, 422),
            ("metadata", [], 400),
        ],
    )
    def test_refuses_bad_input(
        self, api: Api, owner: Person, license: License, field: str, value: object, enveloped_status: int
    ) -> None:
        body = {"license_key": license.key_string, "hardware_id": "machine-1", field: value}
        answer = api.as_bearer(owner.token).post("acquire", body)
        assert answer.status == (400 if api.dialect == "flat" else enveloped_status)
        assert field in answer.errors
        assert not SeatSession.objects.exists()
