"""POST licenses/acquire."""



from coditect.journal.models import Event
from licenses.models import License, SeatSession
from tests.dialects import Answer, Api
from tests.factories import Person


def acquire(api: Api, person: Person, license: License, hardware_id: str = "machine-1", **more: object) -> Answer:
    """Ask for a seat."""
    body = {"license_key": license.key_string, "hardware_id": hardware_id, **more}
    return api.as_bearer(person.token).post("acquire", body)


class TestAcquireSeat:
    def test_gives_a_new_seat(self, api: Api, owner: Person, license: License) -> None:
        answer = acquire(api, owner, license, client_version="1.2.3")
        assert answer.status == 201
        seat = answer.data
        assert set(seat) == {
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
        assert (seat["license_key"], seat["hardware_id"]) == (license.key_string, "machine-1")
        assert (seat["is_active"], seat["revoking"], seat["seats_remaining"], seat["max_seats"]) == (True, False, 1, 2)
        assert seat["heartbeat_interval"] == 180
        session = SeatSession.objects.get(pk=seat["session_id"])
        assert (session.slot, session.client_version, session.user_id) == (1, "1.2.3", owner.user_id)
        assert Event.objects.filter(type="license.seat.acquired", subject_id=session.pk).count() == 1
