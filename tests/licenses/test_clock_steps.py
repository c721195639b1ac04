"""The clock of the machine that PostgreSQL and Redis run on is set: every lease looks past, and nobody loses a seat."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from licenses import leases
from licenses.models import License, RedisNote
from licenses.services.expire import sweep_sessions
from licenses.services.seats import longest_promise, watch_clock
from tests.dialects import Api
from tests.factories import Person, make_license
from tests.licenses.seats import acquire, beat, outlive

LEAP = timedelta(minutes=10)


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has only just started, and is forgotten after the test."""
    monkeypatch.setattr(leases, "memory", leases.Memory())


def let_clocks_leap(session_id: str) -> None:
    """As if both clocks had gone ten minutes ahead at once: by either the session is past."""
    outlive(session_id, by=LEAP)
    assert leases.memory._database_ahead_ms is not None
    least, most = leases.memory._database_ahead_ms
    leases.memory._database_ahead_ms = (least - LEAP / leases.MILLISECOND, most - LEAP / leases.MILLISECOND)


class TestClockSteps:
    def test_keep_the_seat_of_who_beats_on(self, api: Api, owner: Person) -> None:
        license = make_license(owner.organization, seats=1)
        session_id = acquire(api, owner, license).data["session_id"]
        let_clocks_leap(session_id)
        refused = acquire(api, owner, license, "machine-2")
        assert (refused.status, refused.code) == (409, "no_seats_available")
        assert sweep_sessions().expired == 0
        assert beat(api, owner, session_id).status == 200

    def test_free_the_seat_of_the_silent_when_it_was_said(self, api: Api, owner: Person) -> None:
        license = make_license(owner.organization, seats=1)
        session_id = acquire(api, owner, license).data["session_id"]
        let_clocks_leap(session_id)
        told = datetime.fromisoformat(acquire(api, owner, license, "machine-2").details["next_available_at"])
        assert abs(told - timezone.now() - longest_promise()) < timedelta(seconds=2)
        leases.memory._steady_since -= longest_promise() / leases.MILLISECOND
        assert acquire(api, owner, license, "machine-2").status == 201
        assert beat(api, owner, session_id).code == "session_expired"

    def test_are_known_to_a_process_that_starts_later(
        self, api: Api, owner: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        license = make_license(owner.organization, seats=1)
        session_id = acquire(api, owner, license).data["session_id"]
        let_clocks_leap(session_id)
        watch_clock()
        monkeypatch.setattr(leases, "memory", leases.Memory())
        assert acquire(api, owner, license, "machine-2").status == 409

    def test_are_feared_by_a_process_that_starts_where_nobody_watched(
        self, api: Api, owner: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        license = make_license(owner.organization, seats=1)
        session_id = acquire(api, owner, license).data["session_id"]
        watch_clock()
        outlive(session_id)
        assert RedisNote.objects.filter(watched_at__isnull=False).update(watched_at=timezone.now() - LEAP)
        monkeypatch.setattr(leases, "memory", leases.Memory())
        assert acquire(api, owner, license, "machine-2").status == 409

    def test_renew_nothing_beyond_the_end_of_the_license(self, api: Api, owner: Person) -> None:
        license = make_license(owner.organization, seats=1)
        session_id = acquire(api, owner, license).data["session_id"]
        let_clocks_leap(session_id)
        License.objects.filter(pk=license.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
        kept = beat(api, owner, session_id)
        assert kept.status == 200
        assert datetime.fromisoformat(kept.data["expires_at"]) < timezone.now()

    def test_do_not_lengthen_a_promise(self, api: Api, owner: Person) -> None:
        """Set back, both clocks leave a lease with more left than anybody was ever promised."""
        license = make_license(owner.organization, seats=1)
        session_id = acquire(api, owner, license).data["session_id"]
        outlive(session_id, by=-LEAP)
        promised = datetime.fromisoformat(beat(api, owner, session_id).data["expires_at"])
        assert promised - timezone.now() < timedelta(seconds=361)
