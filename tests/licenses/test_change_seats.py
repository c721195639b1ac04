"""The seat count changes: no promise is broken, none is made twice."""

from django.db import transaction

from licenses.models import License, SeatChange, SeatSession
from licenses.services.capacity import change_seats
from tests.dialects import Api
from tests.factories import Person
from tests.licenses.seats import acquire, beat, forget_leases, outlive


def undo(license: License, *, seats: int) -> None:
    """Change the seat count, and let the COMMIT fail."""
    with transaction.atomic():
        change_seats(license_id=license.pk, seats=seats)
        transaction.set_rollback(True)


class TestChangeSeats:
    def test_keeps_the_history(self, owner: Person, license: License) -> None:
        change_seats(license_id=license.pk, seats=5)
        change_seats(license_id=license.pk, seats=5)
        history = SeatChange.objects.filter(license=license).order_by("at")
        assert [change.seats for change in history] == [2, 5]

    def test_upwards_gives_room_at_once(self, api: Api, owner: Person, license: License) -> None:
        session_id = acquire(api, owner, license, "machine-1").data["session_id"]
        acquire(api, owner, license, "machine-2")
        change_seats(license_id=license.pk, seats=3)
        assert acquire(api, owner, license, "machine-3").status == 201
        assert beat(api, owner, session_id).data["max_seats"] == 3

    def test_tells_redis_the_new_count(self, api: Api, owner: Person, license: License) -> None:
        session_id = acquire(api, owner, license).data["session_id"]
        change_seats(license_id=license.pk, seats=9)
        kept = beat(api, owner, session_id).data
        assert (kept["max_seats"], kept["seats_remaining"]) == (9, 8)

    def test_downwards_marks_the_newest(self, api: Api, owner: Person, license: License) -> None:
        older, newer = (acquire(api, owner, license, f"machine-{n}").data["session_id"] for n in range(2))
        change_seats(license_id=license.pk, seats=1)
        assert beat(api, owner, older).data["revoking"] is False
        kept = beat(api, owner, newer).data
        assert (kept["revoking"], kept["seats_remaining"]) == (True, 0)

    def test_a_marked_seat_is_not_extended_by_acquiring_again(self, api: Api, owner: Person, license: License) -> None:
        acquire(api, owner, license, "machine-1")
        acquire(api, owner, license, "machine-2")
        change_seats(license_id=license.pk, seats=1)
        again = acquire(api, owner, license, "machine-2")
        assert (again.status, again.data["revoking"]) == (200, True)
        marked = SeatSession.objects.get(pk=again.data["session_id"])
        assert marked.revoke_at is not None
        assert again.data["expires_at"] == acquire(api, owner, license, "machine-2").data["expires_at"]

    def test_a_marked_seat_stays_marked_when_redis_forgets(self, api: Api, owner: Person, license: License) -> None:
        acquire(api, owner, license, "machine-1")
        newer = acquire(api, owner, license, "machine-2").data["session_id"]
        change_seats(license_id=license.pk, seats=1)
        promised = beat(api, owner, newer).data["expires_at"]
        forget_leases(license)
        kept = beat(api, owner, newer).data
        assert kept["revoking"] is True
        assert promised <= kept["expires_at"] == beat(api, owner, newer).data["expires_at"]

    def test_a_mark_that_was_not_committed_is_lifted_by_the_next_heartbeat(
        self, api: Api, owner: Person, license: License
    ) -> None:
        session_id = acquire(api, owner, license).data["session_id"]
        undo(license, seats=0)
        assert beat(api, owner, session_id).data["revoking"] is False

    def test_a_raise_that_was_not_committed_renews_nobody(self, api: Api, owner: Person, license: License) -> None:
        session_id = acquire(api, owner, license).data["session_id"]
        change_seats(license_id=license.pk, seats=0)
        forget_leases(license)
        undo(license, seats=2)
        assert beat(api, owner, session_id).data["revoking"] is True

    def test_a_marked_seat_ends_as_revoked(self, api: Api, owner: Person, license: License) -> None:
        acquire(api, owner, license, "machine-1")
        newer = acquire(api, owner, license, "machine-2").data["session_id"]
        change_seats(license_id=license.pk, seats=1)
        outlive(newer)
        assert beat(api, owner, newer).code == "seat_revoked"
        assert SeatSession.objects.get(pk=newer).end_reason == "revoked"

    def test_upwards_again_renews_the_marked(self, api: Api, owner: Person, license: License) -> None:
        acquire(api, owner, license, "machine-1")
        newer = acquire(api, owner, license, "machine-2").data["session_id"]
        change_seats(license_id=license.pk, seats=1)
        change_seats(license_id=license.pk, seats=2)
        assert beat(api, owner, newer).data["revoking"] is False
        assert not SeatSession.objects.filter(revoke_at__isnull=False).exists()

    def test_to_nothing_lets_every_promise_run_out(self, api: Api, owner: Person, license: License) -> None:
        session_id = acquire(api, owner, license).data["session_id"]
        change_seats(license_id=license.pk, seats=0)
        assert beat(api, owner, session_id).data["revoking"] is True
        assert acquire(api, owner, license, "machine-2").status == 409
