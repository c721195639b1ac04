"""The life of a license by the services: what becomes of its seats, and what is written down."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from coditect.errors import InvalidInput
from coditect.journal.models import Event
from licenses.models import LeaseRepair, License, SeatChange
from licenses.services.acquire import (
    HeldSeat,
    LicenseExpired,
    LicenseNotFound,
    LicenseRevoked,
    LicenseSuspended,
    acquire_seat,
)
from licenses.services.capacity import change_seats
from licenses.services.heartbeat import SeatRevoked, beat_from_lease, beat_from_record
from licenses.services.life import (
    RevocationIsFinal,
    SuspensionStands,
    reinstate_license,
    renew_license,
    revoke_license,
    suspend_license,
)
from licenses.services.repair import repair_leases
from licenses.services.verify import find_oversold
from tests.factories import Person, make_license, make_person
from tests.licenses.outage import redis_away
from tests.licenses.seats import outlive

CUSTOMER, OPERATOR, BILLING = License.Hold.CUSTOMER, License.Hold.OPERATOR, License.Hold.BILLING


def now() -> datetime:
    """The time."""
    return timezone.now()


def take(person: Person, license: License, machine: str = "machine-1") -> HeldSeat:
    """A seat."""
    return acquire_seat(
        membership=person.membership, license_key=license.key_string, hardware_id=machine, ip_address="127.0.0.1"
    )


def beat(held: HeldSeat) -> tuple[bool, datetime]:
    """Whether a session is being revoked, and its deadline, as its next heartbeat is told."""
    session = held.session
    kept = beat_from_lease(session_id=session.pk, user_id=session.user_id)
    if kept is not None and not kept.is_revoking:
        return False, kept.expires_at
    record = beat_from_record(session_id=session.pk, user_id=session.user_id, marked=kept)
    assert isinstance(record, HeldSeat)
    return record.session.revoke_at is not None, record.session.expires_at


def history(license: License) -> list[int]:
    """The seats that were in force, one after the other."""
    return [change.seats for change in SeatChange.objects.filter(license=license).order_by("at", "pk")]


def events(license: License, *, of: str = "license.") -> list[str]:
    """What happened to the license itself after it was issued."""
    found = Event.objects.filter(subject_id=license.pk, type__startswith=of).exclude(type="license.created")
    return list(found.order_by("at", "pk").values_list("type", flat=True))


class TestSuspendLicense:
    def test_gives_no_more_seats(self, owner: Person, license: License) -> None:
        suspended = suspend_license(license_id=license.pk, now=now())
        assert (suspended.status, suspended.holds) == ("suspended", [CUSTOMER])
        with pytest.raises(LicenseSuspended):
            take(owner, license)

    def test_renews_no_seat_and_keeps_each_promise(self, owner: Person, license: License) -> None:
        seats = [take(owner, license, f"machine-{n}") for n in range(2)]
        promised = [beat(seat)[1] for seat in seats]
        suspend_license(license_id=license.pk, now=now())
        for seat, until in zip(seats, promised, strict=True):
            assert beat(seat) == (True, until)
            assert beat(seat) == (True, until)

    def test_ends_seats_with_their_promises(self, owner: Person, license: License) -> None:
        seat = take(owner, license)
        suspend_license(license_id=license.pk, now=now())
        outlive(str(seat.session.pk))
        with pytest.raises(SeatRevoked):
            beat(seat)

    def test_leaves_no_seats_free(self, owner: Person, license: License) -> None:
        seat = take(owner, license)
        suspend_license(license_id=license.pk, now=now())
        kept = beat_from_record(session_id=seat.session.pk, user_id=owner.user_id)
        assert isinstance(kept, HeldSeat)
        assert kept.seats_remaining == 0

    def test_twice_is_the_same_as_once(self, license: License) -> None:
        for _ in range(2):
            suspend_license(license_id=license.pk, now=now(), reason="unpaid")
        assert events(license) == ["license.suspended"]
        assert history(license) == [2, 0]

    def test_without_redis_marks_once_it_is_back(self, owner: Person, license: License) -> None:
        seat = take(owner, license)
        with redis_away():
            suspend_license(license_id=license.pk, now=now())
            assert beat(seat)[0] is False
        assert repair_leases() == 1
        assert beat(seat)[0] is True

    def test_is_written_down_with_its_reason(self, owner: Person, license: License) -> None:
        suspend_license(license_id=license.pk, now=now(), reason="unpaid")
        event = Event.objects.get(type="license.suspended")
        assert (event.organization_id, event.data) == (
            owner.organization.pk,
            {
                "license_id": str(license.pk),
                "key_ending": license.key_string[-4:],
                "tier": license.tier,
                "status": "suspended",
                "holds": ["customer"],
                "max_seats": 2,
                "features": license.features,
                "expires_at": None,
                "reason": "unpaid",
            },
        )

    def test_leaves_the_seat_count_to_be_changed(self, owner: Person, license: License) -> None:
        suspend_license(license_id=license.pk, now=now())
        change_seats(license_id=license.pk, seats=5)
        assert history(license) == [2, 0, 0]
        reinstate_license(license_id=license.pk, now=now())
        assert history(license)[-1] == 5

    def test_is_for_the_organization_that_has_it(self, outsider: Person, license: License) -> None:
        with pytest.raises(LicenseNotFound):
            suspend_license(license_id=license.pk, now=now(), within=outsider.organization)


class TestReinstateLicense:
    def test_gives_seats_again(self, owner: Person, license: License) -> None:
        suspend_license(license_id=license.pk, now=now())
        reinstate_license(license_id=license.pk, now=now())
        assert take(owner, license).seats_remaining == 1
        assert (history(license), find_oversold()) == ([2, 0, 2], [])

    def test_renews_the_seats_that_are_left(self, owner: Person, license: License) -> None:
        seat = take(owner, license)
        suspend_license(license_id=license.pk, now=now())
        until = beat(seat)[1]
        reinstate_license(license_id=license.pk, now=now())
        is_marked, renewed = beat(seat)
        assert (is_marked, renewed > until) == (False, True)

    def test_renews_only_those_that_fit(self, owner: Person, license: License) -> None:
        older, newer = (take(owner, license, f"machine-{n}") for n in range(2))
        suspend_license(license_id=license.pk, now=now())
        change_seats(license_id=license.pk, seats=1)
        reinstate_license(license_id=license.pk, now=now())
        assert [beat(older)[0], beat(newer)[0]] == [False, True]

    def test_does_nothing_to_an_active_license(self, license: License) -> None:
        assert reinstate_license(license_id=license.pk, now=now()).status == "active"
        assert events(license) == []

    def test_twice_is_the_same_as_once(self, license: License) -> None:
        suspend_license(license_id=license.pk, now=now())
        for _ in range(2):
            reinstate_license(license_id=license.pk, now=now())
        assert events(license) == ["license.suspended", "license.reinstated"]

    def test_lifts_nobody_elses_hold(self, license: License) -> None:
        suspend_license(license_id=license.pk, now=now(), hold=BILLING)
        with pytest.raises(SuspensionStands) as refusal:
            reinstate_license(license_id=license.pk, now=now())
        assert refusal.value.details == {"holds": ["billing"]}

    def test_waits_for_the_last_hold(self, license: License) -> None:
        for hold in (CUSTOMER, OPERATOR):
            suspend_license(license_id=license.pk, now=now(), hold=hold)
        assert reinstate_license(license_id=license.pk, now=now()).status == "suspended"
        assert reinstate_license(license_id=license.pk, now=now(), hold=OPERATOR).status == "active"
        assert events(license) == ["license.suspended", "license.updated", "license.updated", "license.reinstated"]


class TestRevokeLicense:
    def test_gives_no_more_seats(self, owner: Person, license: License) -> None:
        assert revoke_license(license_id=license.pk, now=now()).status == "revoked"
        with pytest.raises(LicenseRevoked):
            take(owner, license)

    def test_keeps_each_promise(self, owner: Person, license: License) -> None:
        seat = take(owner, license)
        until = beat(seat)[1]
        revoke_license(license_id=license.pk, now=now())
        assert beat(seat) == (True, until)
        assert history(license) == [2, 0]

    def test_immediately_ends_each_seat(self, owner: Person, license: License) -> None:
        seat = take(owner, license)
        revoke_license(license_id=license.pk, now=now(), immediately=True)
        with pytest.raises(SeatRevoked):
            beat(seat)

    def test_immediately_may_come_second(self, owner: Person, license: License) -> None:
        seat = take(owner, license)
        revoke_license(license_id=license.pk, now=now())
        revoke_license(license_id=license.pk, now=now(), immediately=True)
        with pytest.raises(SeatRevoked):
            beat(seat)
        assert events(license) == ["license.revoked"]

    def test_of_a_suspended_license_lifts_the_holds(self, license: License) -> None:
        suspend_license(license_id=license.pk, now=now())
        assert revoke_license(license_id=license.pk, now=now()).holds == []

    def test_is_final(self, license: License) -> None:
        revoke_license(license_id=license.pk, now=now())
        later = now() + timedelta(days=1)
        with pytest.raises(RevocationIsFinal):
            suspend_license(license_id=license.pk, now=now())
        with pytest.raises(RevocationIsFinal):
            reinstate_license(license_id=license.pk, now=now())
        with pytest.raises(RevocationIsFinal):
            renew_license(license_id=license.pk, now=now(), expires_at=later)


@pytest.mark.django_db(transaction=True)
class TestRenewLicense:
    """With real commits: Redis is told of a later end after the COMMIT."""

    def test_lifts_the_end_of_live_leases_at_once(self) -> None:
        person, soon = make_person(), now() + timedelta(seconds=100)
        license = make_license(person.organization, expires_at=soon)
        seat = take(person, license)
        assert seat.session.expires_at <= soon
        renew_license(license_id=license.pk, now=now(), expires_at=soon + timedelta(days=1))
        kept = beat_from_lease(session_id=seat.session.pk, user_id=person.user_id)
        assert kept is not None
        assert kept.expires_at > soon + timedelta(seconds=200)

    def test_for_ever_lifts_it_too(self) -> None:
        person, soon = make_person(), now() + timedelta(seconds=100)
        license = make_license(person.organization, expires_at=soon)
        seat = take(person, license)
        assert renew_license(license_id=license.pk, now=now(), expires_at=None).expires_at is None
        assert beat(seat)[1] > soon + timedelta(seconds=200)

    def test_lifts_nothing_before_the_commit(self) -> None:
        person, soon = make_person(), now() + timedelta(seconds=100)
        license = make_license(person.organization, expires_at=soon)
        seat = take(person, license)
        with transaction.atomic():
            renew_license(license_id=license.pk, now=now(), expires_at=None)
            transaction.set_rollback(True)
        assert beat(seat)[1] <= soon

    def test_is_told_by_the_next_grant_where_redis_was_away(self) -> None:
        person, soon = make_person(), now() + timedelta(seconds=100)
        license = make_license(person.organization, seats=2, expires_at=soon)
        seat = take(person, license)
        with redis_away():
            renew_license(license_id=license.pk, now=now(), expires_at=None)
        assert LeaseRepair.objects.exists()
        take(person, license, "machine-2")
        assert beat(seat)[1] > soon + timedelta(seconds=200)

    def test_to_an_earlier_end_keeps_the_promise_and_renews_no_further(self) -> None:
        person = make_person()
        license = make_license(person.organization)
        seat = take(person, license)
        promised = beat(seat)[1]
        renew_license(license_id=license.pk, now=now(), expires_at=now() + timedelta(seconds=60))
        assert beat(seat) == (False, promised)

    def test_makes_an_expired_license_usable(self) -> None:
        person = make_person()
        license = make_license(person.organization)
        License.objects.filter(pk=license.pk).update(expires_at=now() - timedelta(days=1))
        with pytest.raises(LicenseExpired):
            take(person, license)
        renew_license(license_id=license.pk, now=now(), expires_at=now() + timedelta(days=1))
        assert take(person, license).is_new

    def test_is_written_down_once(self) -> None:
        license, end = make_license(make_person().organization), now() + timedelta(days=1)
        for _ in range(2):
            renew_license(license_id=license.pk, now=now(), expires_at=end, reason="paid")
        event = Event.objects.get(type="license.renewed")
        assert datetime.fromisoformat(event.data["expires_at"]) == end
        assert (event.data["previous_expires_at"], event.data["reason"]) == (None, "paid")

    def test_refuses_an_end_that_is_past(self) -> None:
        license, at = make_license(make_person().organization), now()
        with pytest.raises(InvalidInput):
            renew_license(license_id=license.pk, now=at, expires_at=at)
