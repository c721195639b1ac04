"""`manage.py verify_seats`: the proof from the record, and the comparison with Redis."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from coditect import redis
from licenses.leases import new_session_id
from licenses.models import License, SeatChange, SeatSession, SeatVerification
from licenses.services.capacity import change_seats
from licenses.services.verify import find_oversold, verify_seats
from licenses.tasks import verify_recent_seats
from tests.dialects import Api
from tests.factories import Person
from tests.licenses.outage import redis_away
from tests.licenses.seats import acquire, beat, forget_leases, outlive, release

START = timezone.now() - timedelta(days=1)


def session(license: License, slot: int, start: int, end: int | None) -> None:
    """A session from one minute to another, after the license was sold a day ago."""
    SeatSession.objects.create(
        id=new_session_id(license.lease_group),
        license=license,
        user=license.organization.memberships.get().user,
        hardware_id=f"machine-{slot}",
        slot=slot,
        started_at=START + timedelta(minutes=start),
        expires_at=START + timedelta(minutes=start + 6),
        ended_at=None if end is None else START + timedelta(minutes=end),
        end_reason="" if end is None else "released",
    )


@pytest.fixture
def sold(license: License) -> License:
    """The two-seat license, sold a day ago."""
    SeatChange.objects.filter(license=license).update(at=START)
    return license


class TestFindOversold:
    def test_passes_a_full_license(self, sold: License) -> None:
        session(sold, 1, 0, 5)
        session(sold, 2, 0, None)
        session(sold, 1, 5, None)
        assert find_oversold() == []

    def test_finds_one_session_too_many(self, sold: License) -> None:
        for slot, start in ((1, 0), (2, 1), (3, 2)):
            session(sold, slot, start, 4)
        (found,) = find_oversold()
        assert (found.license_id, found.held, found.seats) == (sold.pk, 3, 2)
        assert found.at == START + timedelta(minutes=2)

    def test_finds_an_overlap_of_moments(self, sold: License) -> None:
        session(sold, 1, 0, 10)
        session(sold, 2, 0, 10)
        session(sold, 3, 9, 11)
        assert len(find_oversold()) == 1

    def test_holds_each_start_against_the_seats_sold_then(self, sold: License) -> None:
        SeatChange.objects.create(license=sold, at=START + timedelta(minutes=3), seats=1)
        session(sold, 1, 0, None)
        session(sold, 2, 2, None)
        assert find_oversold() == []
        session(sold, 3, 4, 5)
        assert [found.seats for found in find_oversold()] == [1]

    def test_leaves_out_what_ended_long_ago(self, sold: License) -> None:
        for slot in (1, 2, 3):
            session(sold, slot, 0, 1)
        assert find_oversold(since=START + timedelta(minutes=2)) == []


class TestVerifySeats:
    def test_is_content_with_what_the_api_did(self, api: Api, owner: Person, license: License) -> None:
        first = acquire(api, owner, license, "machine-1").data["session_id"]
        outlive(acquire(api, owner, license, "machine-2").data["session_id"])
        assert acquire(api, owner, license, "machine-3").status == 201
        release(api, owner, first)
        acquire(api, owner, license, "machine-4")
        change_seats(license_id=license.pk, seats=1)
        found = verify_seats()
        assert found.is_sound
        assert (found.licenses, found.without_lease, found.without_session) == (1, {}, {})

    def test_repairs_what_redis_forgot(self, api: Api, owner: Person, license: License) -> None:
        session_id = acquire(api, owner, license).data["session_id"]
        forget_leases(license)
        assert verify_seats(repair=True).without_lease == {license.pk: 1}
        assert verify_seats().without_lease == {}
        assert beat(api, owner, session_id).status == 200

    def test_removes_leases_that_no_session_stands_behind(self, api: Api, owner: Person, license: License) -> None:
        acquire(api, owner, license)
        orphan = new_session_id(license.lease_group)
        redis.client.zadd(f"seat:{{{license.lease_group}}}:z", {orphan.hex: 9e12})
        assert verify_seats(repair=True).without_session == {license.pk: 1}
        assert verify_seats().without_session == {}

    def test_says_when_redis_cannot_be_compared(self, api: Api, owner: Person, license: License) -> None:
        acquire(api, owner, license)
        with redis_away():
            found = verify_seats()
        assert found.is_redis_away
        assert found.is_sound

    def test_feeds_the_readiness(self, api: Api, sold: License) -> None:
        assert api.get("ready").data["checks"]["seats"] == "unverified"
        verify_recent_seats()
        assert api.get("ready").data["checks"]["seats"] == "sound"
        for slot in (1, 2, 3):
            session(sold, slot, 0, None)
        verify_recent_seats()
        ready = api.get("ready")
        assert (ready.status, ready.data["checks"]["seats"]) == (200, "oversold")
        assert "seats" in ready.data["degraded"]


class TestCommand:
    def test_prints_what_it_found(self, sold: License) -> None:
        session(sold, 1, 0, None)
        printed = StringIO()
        call_command("verify_seats", stdout=printed, repair=True, since="2026-01-01")
        assert "licenses with live sessions: 1" in printed.getvalue()
        assert "no seat was ever sold twice" in printed.getvalue()
        assert SeatVerification.objects.get().oversold == 0

    def test_fails_where_a_seat_was_sold_twice(self, sold: License) -> None:
        for slot in (1, 2, 3):
            session(sold, slot, 0, None)
        printed = StringIO()
        with pytest.raises(CommandError, match="sold twice"):
            call_command("verify_seats", stdout=printed)
        assert f"OVERSOLD license {sold.pk}" in printed.getvalue()

    def test_wants_a_day(self, sold: License) -> None:
        with pytest.raises(CommandError, match="--since"):
            call_command("verify_seats", since="soon")
