"""The sweep: the record follows what happened to the seats."""

from datetime import timedelta

import pytest
from django.utils import timezone

from coditect import redis
from coditect.journal.models import Event
from licenses.models import LeaseRepair, License, RedisNote, SeatSession
from licenses.services.capacity import change_seats
from licenses.services.expire import sweep_sessions
from licenses.services.release import end_session
from licenses.tasks import expire_sessions
from tests.dialects import Api
from tests.factories import Person
from tests.licenses.outage import age_redis_note, let_silence_pass, redis_away
from tests.licenses.seats import acquire, beat, forget_leases, let_record_run_out, outlive

LONG_AGO = timedelta(seconds=31)


class TestSweep:
    def test_ends_sessions_dead_for_half_a_minute(self, api: Api, owner: Person, license: License) -> None:
        session_id = acquire(api, owner, license).data["session_id"]
        outlive(session_id, by=LONG_AGO)
        expire_sessions()
        assert SeatSession.objects.get(pk=session_id).end_reason == "expired"
        assert Event.objects.filter(type="license.seat.expired", subject_id=session_id).count() == 1
        assert sweep_sessions().expired == 0

    def test_leaves_the_late_a_little_time(self, api: Api, owner: Person, license: License) -> None:
        session_id = acquire(api, owner, license).data["session_id"]
        outlive(session_id, by=timedelta(seconds=25))
        assert sweep_sessions().expired == 0
        assert beat(api, owner, session_id).status == 200

    def test_saves_the_deadlines_of_the_living(self, api: Api, owner: Person, license: License) -> None:
        session_id = acquire(api, owner, license).data["session_id"]
        let_record_run_out(session_id, by=LONG_AGO)
        swept = sweep_sessions()
        assert (swept.saved, swept.expired) == (1, 0)
        assert SeatSession.objects.get(pk=session_id).expires_at > timezone.now() + timedelta(seconds=300)

    def test_readmits_those_whom_redis_forgot(self, api: Api, owner: Person, license: License) -> None:
        session_id = acquire(api, owner, license).data["session_id"]
        let_record_run_out(session_id, by=LONG_AGO)
        forget_leases(license)
        assert sweep_sessions().expired == 0
        assert beat(api, owner, session_id).status == 200

    def test_notes_that_redis_was_used(self, api: Api, owner: Person, license: License) -> None:
        acquire(api, owner, license)
        sweep_sessions()
        assert timezone.now() - RedisNote.objects.get().seen_at < timedelta(seconds=5)

    def test_repairs_what_ended_while_redis_was_away(self, api: Api, owner: Person, license: License) -> None:
        session_id = acquire(api, owner, license).data["session_id"]
        with redis_away():
            end_session(session_id=session_id, reason=SeatSession.EndReason.RELEASED)
            assert LeaseRepair.objects.filter(license=license).exists()
            assert sweep_sessions().repaired == 0
        assert sweep_sessions().repaired == 1
        assert not LeaseRepair.objects.exists()
        assert beat(api, owner, session_id).code == "session_released"

    def test_marks_the_surplus_once_redis_is_back(self, api: Api, owner: Person, license: License) -> None:
        session_ids = [acquire(api, owner, license, f"machine-{n}").data["session_id"] for n in range(2)]
        with redis_away():
            change_seats(license_id=license.pk, seats=1)
        assert beat(api, owner, session_ids[1]).data["revoking"] is False
        sweep_sessions()
        assert [beat(api, owner, session_id).data["revoking"] for session_id in session_ids] == [False, True]


@pytest.mark.django_db
class TestSweepWithoutRedis:
    def test_ends_nobody_while_redis_was_seen_of_late(self, owner: Person, license: License) -> None:
        api = Api("flat")
        session_id = acquire(api, owner, license).data["session_id"]
        sweep_sessions()
        outlive(session_id, by=LONG_AGO)
        with redis_away():
            assert sweep_sessions().expired == 0

    def test_ends_the_dead_after_a_silence_longer_than_any_promise(self, owner: Person, license: License) -> None:
        api = Api("flat")
        session_id = acquire(api, owner, license).data["session_id"]
        sweep_sessions()
        outlive(session_id, by=LONG_AGO)
        let_silence_pass(timedelta(seconds=371))
        with redis_away():
            assert sweep_sessions().expired == 1

    def test_ends_nobody_by_a_note_that_it_did_not_watch(self, owner: Person, license: License) -> None:
        session_id = acquire(Api("flat"), owner, license).data["session_id"]
        outlive(session_id, by=LONG_AGO)
        age_redis_note(timedelta(seconds=371))
        with redis_away():
            assert sweep_sessions().expired == 0
        assert redis.client.ping()
