"""Two at once on one license: whoever comes second waits for the first one's COMMIT, and sees what it did."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TypeVar

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from accounts.services.organizations import close_organization
from coditect.journal.catalogue import moment
from coditect.journal.models import Event
from licenses.models import License, SeatSession
from licenses.services.acquire import HeldSeat, LicenseSuspended, acquire_seat
from licenses.services.life import reinstate_license, renew_license, revoke_license, suspend_license
from licenses.services.transfer import transfer_license
from licenses.services.verify import find_oversold
from tests.factories import Person, make_license, make_person

Result = TypeVar("Result")
IS_WAITED_FOR = (
    "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
)


def overtaken(first: Callable[[], object], second: Callable[[], Result]) -> Future[Result]:
    """Do something; before its COMMIT let another begin, until it waits for us or is through."""

    def act() -> Result:
        try:
            return second()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first()
            future = pool.submit(act)
            while not future.done() and not _is_waited_for():
                pass
        future.exception()
    return future


def _is_waited_for() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(IS_WAITED_FOR)
        (is_waited_for,) = cursor.fetchone()
    return bool(is_waited_for)


@pytest.fixture
def person(transactional_db: None) -> Person:
    """The owner of an organization."""
    return make_person()


@pytest.fixture
def license(person: Person) -> License:
    """A license of theirs with two seats."""
    return make_license(person.organization, seats=2)


def take(person: Person, license: License) -> HeldSeat:
    """A seat."""
    return acquire_seat(
        membership=person.membership, license_key=license.key_string, hardware_id="machine", ip_address="127.0.0.1"
    )


class TestAcquireAndSuspend:
    def test_an_acquire_after_a_suspension_is_refused(self, person: Person, license: License) -> None:
        second = overtaken(
            lambda: suspend_license(license_id=license.pk, now=timezone.now()), lambda: take(person, license)
        )
        assert isinstance(second.exception(), LicenseSuspended)
        assert find_oversold() == []

    def test_a_suspension_after_an_acquire_marks_its_seat(self, person: Person, license: License) -> None:
        overtaken(
            lambda: take(person, license), lambda: suspend_license(license_id=license.pk, now=timezone.now())
        ).result()
        assert SeatSession.objects.get().revoke_at is not None
        assert find_oversold() == []


class TestLifeAgainstLife:
    def test_a_reinstatement_after_a_revocation_is_refused(self, person: Person, license: License) -> None:
        suspend_license(license_id=license.pk, now=timezone.now())
        second = overtaken(
            lambda: revoke_license(license_id=license.pk, now=timezone.now()),
            lambda: reinstate_license(license_id=license.pk, now=timezone.now()),
        )
        assert getattr(second.exception(), "code", None) == "revocation_is_final"
        assert License.objects.get(pk=license.pk).status == "revoked"

    def test_a_second_renewal_tells_what_the_first_one_did(self, person: Person, license: License) -> None:
        ends = [timezone.now() + timedelta(days=days) for days in (1, 2)]
        overtaken(lambda: renew(license, ends[0]), lambda: renew(license, ends[1])).result()
        told = Event.objects.filter(type="license.renewed").order_by("at").last()
        assert told is not None
        assert told.data["previous_expires_at"] == moment(ends[0])


class TestTransferAndDeletion:
    def test_what_arrives_in_a_deleted_organization_is_revoked(self, person: Person, license: License) -> None:
        there = make_person()
        overtaken(lambda: hand(license, there), lambda: delete(there)).result()
        assert License.objects.get(pk=license.pk).status == "revoked"

    def test_what_has_left_a_deleted_organization_lives_on(self, person: Person, license: License) -> None:
        there = make_person()
        overtaken(lambda: hand(license, there), lambda: delete(person)).result()
        assert License.objects.get(pk=license.pk).status == "active"


def renew(license: License, expires_at: datetime) -> None:
    """Renew a license."""
    renew_license(license_id=license.pk, now=timezone.now(), expires_at=expires_at)


def hand(license: License, to: Person) -> None:
    """Transfer a license."""
    transfer_license(license_id=license.pk, organization_id=to.organization.pk, now=timezone.now())


def delete(person: Person) -> None:
    """Delete an organization."""
    close_organization(organization_id=person.organization.pk, now=timezone.now())
