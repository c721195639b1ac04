"""Redis away: everything that sells and keeps seats goes on, from Postgres."""

from datetime import datetime, timedelta

from django.utils import timezone

from licenses.models import License, RedisNote, SeatSession
from licenses.services.repair import note_redis_use
from tests.dialects import Api
from tests.factories import Person, make_license
from tests.licenses.outage import age_redis_note, let_silence_pass, redis_away, watch_for
from tests.licenses.seats import acquire, beat, let_record_run_out, outlive, release


class TestWithoutRedis:
    def test_a_seat_is_acquired_kept_and_released(self, api: Api, owner: Person) -> None:
        license = make_license(owner.organization, seats=1)
        with redis_away():
            seat = acquire(api, owner, license)
            assert seat.status == 201
            session_id = seat.data["session_id"]
            kept = beat(api, owner, session_id)
            assert kept.status == 200
            assert datetime.fromisoformat(kept.data["expires_at"]) > timezone.now() + timedelta(seconds=350)
            full = acquire(api, owner, license, "machine-2")
            assert (full.status, full.code) == (409, "no_seats_available")
            assert datetime.fromisoformat(full.details["next_available_at"]) > timezone.now()
            assert release(api, owner, session_id).data["seats_remaining"] == 1
            assert acquire(api, owner, license, "machine-2").status == 201

    def test_nobody_is_thought_dead_too_soon(self, api: Api, owner: Person) -> None:
        license = make_license(owner.organization, seats=1)
        session_id = acquire(api, owner, license).data["session_id"]
        let_record_run_out(session_id)
        age_redis_note(timedelta(seconds=300))
        with redis_away():
            assert acquire(api, owner, license, "machine-2").status == 409
            assert beat(api, owner, session_id).status == 200

    def test_the_dead_make_room_after_a_long_silence(self, api: Api, owner: Person) -> None:
        license = make_license(owner.organization, seats=1)
        session_id = acquire(api, owner, license).data["session_id"]
        outlive(session_id)
        let_silence_pass(timedelta(seconds=371))
        with redis_away():
            assert acquire(api, owner, license, "machine-2").status == 201
        assert beat(api, owner, session_id).code == "session_expired"

    def test_licenses_are_listed_and_validated(self, api: Api, owner: Person, license: License) -> None:
        acquire(api, owner, license)
        with redis_away():
            shown = api.as_bearer(owner.token).get("license", license_id=license.pk).data
            assert (shown["active_seats"], len(shown["sessions"])) == (1, 1)
            assert api.post("validate", {"key_string": license.key_string}).data["valid"] is True

    def test_a_seat_given_meanwhile_is_kept_afterwards(self, api: Api, owner: Person, license: License) -> None:
        acquire(api, owner, license, "before")
        with redis_away():
            session_id = acquire(api, owner, license, "meanwhile").data["session_id"]
        assert beat(api, owner, session_id).status == 200
        assert acquire(api, owner, license, "after").status == 409

    def test_a_seat_taken_after_an_idle_hour_is_safe_when_redis_dies_at_once(self, api: Api, owner: Person) -> None:
        """The note of Redis's last use is an hour old: the grant itself must renew it."""
        license = make_license(owner.organization, seats=1)
        age_redis_note(timedelta(hours=1))
        session_id = acquire(api, owner, license).data["session_id"]
        let_record_run_out(session_id)
        with redis_away():
            assert acquire(api, owner, license, "machine-2").status == 409
            assert beat(api, owner, session_id).status == 200

    def test_a_seat_is_safe_though_the_databases_clock_went_back(self, api: Api, owner: Person) -> None:
        """The note lies ten minutes ahead: Redis's use must move it back, or it would stand still like silence."""
        license = make_license(owner.organization, seats=1)
        age_redis_note(-timedelta(minutes=10))
        watch_for(timedelta(hours=1))
        session_id = acquire(api, owner, license).data["session_id"]
        note_redis_use()
        let_record_run_out(session_id)
        with redis_away():
            assert acquire(api, owner, license, "machine-2").status == 409
            assert beat(api, owner, session_id).status == 200
        assert RedisNote.objects.get().seen_at <= timezone.now()

    def test_a_late_renewal_is_in_the_record(self, api: Api, owner: Person, license: License) -> None:
        session_id = acquire(api, owner, license).data["session_id"]
        outlive(session_id, by=timedelta(seconds=10))
        promised = datetime.fromisoformat(beat(api, owner, session_id).data["expires_at"])
        recorded = SeatSession.objects.get(pk=session_id).expires_at
        assert abs(recorded - promised) < timedelta(seconds=1)
