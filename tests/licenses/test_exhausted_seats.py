"""Owners and admins hear when seats are refused."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Membership, Role
from coditect.journal.models import Event, Mail
from licenses.models import License
from licenses.services.exhaustion import EXHAUSTED
from licenses.services.transfer import transfer_license
from tests.dialects import Api
from tests.factories import Person, make_license, make_membership, make_person
from tests.licenses.broken_inserts import broken_insert
from tests.licenses.seats import acquire, release
from tests.mails import deliver, deliver_one, text_of

DAY = timedelta(days=1)


def told(license: License) -> list[Event]:
    """The events, in order."""
    return list(Event.objects.filter(type=EXHAUSTED, subject_id=license.pk).order_by("at"))


@pytest.fixture
def full(api: Api, owner: Person) -> License:
    """A license whose only seat is held."""
    license = make_license(owner.organization, seats=1)
    acquire(api, owner, license)
    return license


def be_refused(api: Api, person: Person, license: License) -> None:
    """Ask for a seat in vain."""
    answer = acquire(api, person, license, "another-machine")
    assert (answer.status, answer.code, answer.details["active_seats"]) == (409, "no_seats_available", 1)


class TestExhaustedSeats:
    def test_are_told_with_the_first_refusal(self, api: Api, owner: Person, full: License) -> None:
        assert told(full) == []
        be_refused(api, owner, full)
        (event,) = told(full)
        assert event.organization_id == owner.organization.pk
        about = [event.data[name] for name in ("license_id", "max_seats", "active_seats")]
        assert about == [str(full.pk), 1, 1]
        assert Event.objects.filter(type="license.seat.denied").count() == 1

    def test_are_mailed_to_owners_and_admins(self, api: Api, owner: Person, full: License) -> None:
        people = {role: make_person(role, organization=owner.organization) for role in Role.values}
        be_refused(api, people[Role.MEMBER], full)
        expected = {person.membership.user.email for person in (owner, people[Role.OWNER], people[Role.ADMIN])}
        assert {letter.to[0] for letter in deliver()} == expected

    def test_say_which_license_it_is(self, api: Api, owner: Person, full: License) -> None:
        be_refused(api, owner, full)
        letter = deliver_one()
        assert letter.subject == "All seats of your license are in use"
        text = text_of(letter)
        assert all(part in text for part in (owner.organization.name, "pro, 1 seat\n", f"…{full.key_string[-4:]}"))
        assert full.key_string not in text

    def test_are_told_once_a_day(self, api: Api, owner: Person, full: License) -> None:
        for _ in range(3):
            be_refused(api, owner, full)
        assert (len(told(full)), Mail.objects.count()) == (1, 1)

    def test_are_told_once_though_a_seat_was_free_meanwhile(self, api: Api, owner: Person, full: License) -> None:
        be_refused(api, owner, full)
        release(api, owner, str(full.sessions.get().pk))
        acquire(api, owner, full, "third-machine")
        be_refused(api, owner, full)
        assert len(told(full)) == 1

    def test_are_told_again_after_a_day(self, api: Api, owner: Person, full: License) -> None:
        for offset in (1, 2):
            Event.objects.create(
                type=EXHAUSTED,
                at=timezone.now() - DAY - timedelta(seconds=offset),
                organization_id=owner.organization.pk,
                subject_type="license",
                subject_id=full.pk,
            )
        be_refused(api, owner, full)
        be_refused(api, owner, full)
        assert len(told(full)) == 3

    def test_of_one_license_say_nothing_of_another(self, api: Api, owner: Person, full: License) -> None:
        other = make_license(owner.organization, seats=1)
        acquire(api, owner, other)
        be_refused(api, owner, full)
        be_refused(api, owner, other)
        assert (len(told(full)), len(told(other))) == (1, 1)

    def test_are_told_with_the_refusal_or_neither_is(self, api: Api, owner: Person, full: License) -> None:
        with broken_insert("journal_mail"):
            assert acquire(api, owner, full, "another-machine").status == 503
        assert not Event.objects.filter(type__in=[EXHAUSTED, "license.seat.denied"]).exists()
        be_refused(api, owner, full)
        assert len(told(full)) == 1


class TestMail:
    def test_is_not_sent_to_who_has_left(self, api: Api, owner: Person, full: License) -> None:
        admin = make_person(Role.ADMIN, organization=owner.organization)
        be_refused(api, owner, full)
        Membership.objects.filter(pk=admin.membership.pk).delete()
        assert [letter.to for letter in deliver()] == [[owner.membership.user.email]]

    def test_is_not_sent_once_the_license_is_somebody_elses(
        self, api: Api, owner: Person, outsider: Person, full: License
    ) -> None:
        make_membership(Role.OWNER, organization=outsider.organization, user=owner.membership.user)
        be_refused(api, owner, full)
        transfer_license(license_id=full.pk, organization_id=outsider.organization.pk, now=timezone.now())
        assert [letter for letter in deliver() if letter.subject.startswith("All seats")] == []
