"""Owners and admins hear that a license ends: in time, once, and not four times at once."""

import threading
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import DatabaseError, connections
from django.utils import timezone

from accounts.models import Role, User
from coditect.journal.models import Event, Mail
from licenses.mails import compose_expiry_notice
from licenses.models import ExpiryWatch, License
from licenses.services.expiry_notices import send_expiry_notices
from licenses.services.life import reinstate_license, renew_license, revoke_license, suspend_license
from licenses.tasks import tell_of_expiries
from tests.factories import Person, make_license, make_person
from tests.licenses.broken_inserts import broken_insert
from tests.mails import deliver, html_of, text_of

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
EXPIRING, EXPIRED = "license.expiring", "license.expired"


def issue(owner: Person, *, days: float) -> License:
    """A license of some days, beginning now."""
    return make_license(owner.organization, seats=3, expires_at=timezone.now() + days * DAY)


def told(license: License, *, since: int = 0) -> list[tuple[str, int]]:
    """The notices of a license, in order; leaves out the first ones."""
    events = Event.objects.filter(subject_id=license.pk, type__in=[EXPIRING, EXPIRED]).order_by("at")
    return [(event.type, event.data["days_left"]) for event in events][since:]


def end_of(license: License) -> datetime:
    """When it ends."""
    return License.objects.get(pk=license.pk).last_moment


def work(license: License, *days_before: float, times: int = 1) -> None:
    """Let the worker run a moment after each of these points of time, counted in days before the end."""
    for days in days_before:
        for _ in range(times):
            send_expiry_notices(now=end_of(license) - days * DAY + MINUTE)


def work_daily(license: License, *, first: int, last: int) -> None:
    """Let the worker run, twice every eight hours, from so many days before the end to so many."""
    for shift in range(first * 3, last * 3 - 1, -1):
        work(license, shift / 3, times=2)


def delivered() -> list[EmailMultiAlternatives]:
    """The mails that arrive once it is time."""
    Mail.objects.update(next_attempt_at=timezone.now())
    return deliver()


class TestNotices:
    def test_come_30_7_1_and_0_days_before_once_each(self, owner: Person) -> None:
        license = issue(owner, days=60)
        work_daily(license, first=32, last=-2)
        assert told(license) == [(EXPIRING, 30), (EXPIRING, 7), (EXPIRING, 1), (EXPIRED, 0)]
        assert [mail.template for mail in Mail.objects.order_by("created_at")] == ["license_expiring"] * 3 + [
            "license_expired"
        ]

    def test_come_at_their_time(self, owner: Person) -> None:
        license = issue(owner, days=60)
        for days in (30, 7, 1, 0):
            before = len(told(license))
            send_expiry_notices(now=end_of(license) - days * DAY - timedelta(seconds=1))
            assert len(told(license)) == before
            send_expiry_notices(now=end_of(license) - days * DAY)
            assert len(told(license)) == before + 1

    @pytest.mark.parametrize(
        ("days", "expected"),
        [
            (5, [(EXPIRING, 1), (EXPIRED, 0)]),
            (0.5, [(EXPIRED, 0)]),
            (7, [(EXPIRING, 1), (EXPIRED, 0)]),
            (8, [(EXPIRING, 7), (EXPIRING, 1), (EXPIRED, 0)]),
        ],
        ids=["five", "half", "seven", "eight"],
    )
    def test_of_short_licenses_are_those_still_to_come(
        self, owner: Person, days: float, expected: list[tuple[str, int]]
    ) -> None:
        license = issue(owner, days=days)
        send_expiry_notices(now=timezone.now())
        work(license, 8, 7, 5, 1, 0, -1)
        assert told(license) == expected

    def test_do_not_come_for_licenses_without_an_end(self, owner: Person) -> None:
        perpetual = make_license(owner.organization)
        send_expiry_notices(now=timezone.now() + 4000 * DAY)
        assert told(perpetual) == []
        assert not ExpiryWatch.objects.exists()

    def test_are_over_with_the_last_one(self, owner: Person) -> None:
        license = issue(owner, days=1)
        work(license, 0)
        assert told(license) == [(EXPIRED, 0)]
        assert not ExpiryWatch.objects.exists()


class TestAfterAnOutage:
    """The worker was off for days."""

    @pytest.mark.parametrize(
        ("back", "expected"),
        [
            (25, [(EXPIRING, 25), (EXPIRING, 7), (EXPIRING, 1), (EXPIRED, 0)]),
            (5, [(EXPIRING, 5), (EXPIRING, 1), (EXPIRED, 0)]),
            (0.5, [(EXPIRING, 1), (EXPIRED, 0)]),
            (-3, [(EXPIRED, 0)]),
        ],
        ids=["25-days-before", "5-days-before", "half-a-day-before", "3-days-after"],
    )
    def test_only_the_most_urgent_notice_comes(
        self, owner: Person, back: float, expected: list[tuple[str, int]]
    ) -> None:
        license = issue(owner, days=60)
        send_expiry_notices(now=timezone.now())
        work(license, back)
        assert told(license) == expected[:1]
        work(license, *(days for days in (7, 1, 0) if days < back))
        assert told(license) == expected

    def test_nothing_is_lost_where_it_was_off_since_the_issue(self, owner: Person) -> None:
        license = issue(owner, days=20)
        work(license, 3)
        assert told(license) == [(EXPIRING, 3)]


class TestRenewal:
    def test_starts_anew(self, owner: Person) -> None:
        license = issue(owner, days=31)
        work(license, 30, 7)
        renew_license(license_id=license.pk, expires_at=end_of(license) + 365 * DAY, now=timezone.now())
        work(license, 365, 30, 7, 1, 0)
        assert told(license, since=2) == [(EXPIRING, 30), (EXPIRING, 7), (EXPIRING, 1), (EXPIRED, 0)]

    def test_for_some_days_has_no_notice_that_lies_before_it(self, owner: Person) -> None:
        license = issue(owner, days=2)
        renew_license(license_id=license.pk, expires_at=timezone.now() + 20 * DAY, now=timezone.now())
        work(license, 19.9, 7)
        assert told(license) == [(EXPIRING, 7)]

    def test_of_an_expired_license_starts_anew(self, owner: Person) -> None:
        license = issue(owner, days=1)
        work(license, 0)
        renew_license(license_id=license.pk, expires_at=timezone.now() + 40 * DAY, now=timezone.now())
        work(license, 30)
        assert told(license, since=1) == [(EXPIRING, 30)]

    def test_for_ever_ends_the_notices(self, owner: Person) -> None:
        license = issue(owner, days=2)
        renew_license(license_id=license.pk, expires_at=None, now=timezone.now())
        send_expiry_notices(now=timezone.now() + 10 * DAY)
        assert told(license) == []

    def test_makes_a_mail_on_its_way_pointless(self, owner: Person) -> None:
        license = issue(owner, days=8)
        work(license, 7)
        assert Mail.objects.count() == 1
        renew_license(license_id=license.pk, expires_at=timezone.now() + 365 * DAY, now=timezone.now())
        assert delivered() == []


class TestLicenseNotInUse:
    def test_that_is_suspended_waits_for_its_notice(self, owner: Person) -> None:
        license = issue(owner, days=8)
        suspend_license(license_id=license.pk, now=timezone.now())
        work(license, 7, 1)
        assert told(license) == []
        reinstate_license(license_id=license.pk, now=timezone.now())
        work(license, 0.9, 0)
        assert told(license) == [(EXPIRING, 1), (EXPIRED, 0)]

    def test_that_is_revoked_has_none(self, owner: Person) -> None:
        license = issue(owner, days=8)
        revoke_license(license_id=license.pk, now=timezone.now())
        work(license, 7, 0)
        assert told(license) == []
        assert not ExpiryWatch.objects.exists()


class TestMails:
    def test_go_to_owners_and_admins(self, owner: Person, outsider: Person) -> None:
        people = {role: make_person(role, organization=owner.organization).membership.user for role in Role.values}
        left = make_person(Role.ADMIN, organization=owner.organization).membership.user
        User.objects.filter(pk=left.pk).update(is_active=False)
        work(issue(owner, days=8), 7)
        expected = {owner.membership.user.email, people[Role.OWNER].email, people[Role.ADMIN].email}
        assert {letter.to[0] for letter in delivered()} == expected

    def test_say_which_license_ends_and_when(self, owner: Person) -> None:
        license = issue(owner, days=8)
        work(license, 7)
        (letter,) = delivered()
        assert letter.subject == "Your license expires in 7 days"
        for text in (text_of(letter), html_of(letter)):
            assert owner.organization.name in text
            assert f"…{license.key_string[-4:]}" in text
            assert f"{license.last_moment:%d %B %Y, %H:%M} UTC" in text
            assert "pro, 3 seats" in text
            assert license.key_string not in text

    def test_say_that_it_is_tomorrow_or_over(self, owner: Person) -> None:
        license = issue(owner, days=2)
        work(license, 1)
        (tomorrow,) = delivered()
        work(license, 0)
        (over,) = delivered()
        assert (tomorrow.subject, over.subject) == ("Your license expires tomorrow", "Your license has expired")
        assert "in 1 day:" in text_of(tomorrow)

    def test_are_not_for_those_who_left_meanwhile(self, owner: Person) -> None:
        admin = make_person(Role.ADMIN, organization=owner.organization)
        work(issue(owner, days=8), 7)
        admin.membership.delete()
        assert [letter.to for letter in delivered()] == [[owner.membership.user.email]]

    def test_do_not_announce_what_has_happened(self, owner: Person) -> None:
        license = issue(owner, days=2)
        work(license, 1)
        mail = Mail.objects.get()
        assert compose_expiry_notice(mail, end_of(license) - MINUTE) is not None
        assert compose_expiry_notice(mail, end_of(license)) is None


class TestLicensesThatEndTogether:
    def test_are_told_of_in_one_mail(self, owner: Person, outsider: Person) -> None:
        licenses = [issue(owner, days=8 + number / 1000) for number in range(3)]
        foreign = issue(outsider, days=8)
        work(licenses[2], 7)
        assert [told(license) for license in [*licenses, foreign]] == [[(EXPIRING, 7)]] * 4
        letters = {letter.to[0]: letter for letter in delivered()}
        assert set(letters) == {owner.membership.user.email, outsider.membership.user.email}
        letter = letters[owner.membership.user.email]
        assert letter.subject == "3 licenses expire in 7 days"
        assert f"…{licenses[0].key_string[-4:]}" in text_of(letter)
        assert "With it 2 more" in text_of(letter)
        assert "/api/v1/licenses/?sort=expiry_date" in html_of(letter)
        assert letters[outsider.membership.user.email].subject == "Your license expires in 7 days"

    def test_are_told_apart_by_how_urgent_they_are(self, owner: Person) -> None:
        soon, later = issue(owner, days=2), issue(owner, days=8)
        work(soon, 1)
        send_expiry_notices(now=end_of(later) + MINUTE)
        assert [letter.subject for letter in delivered()] == [
            *("Your license expires tomorrow", "Your license expires in 7 days"),
            "2 licenses have expired",
        ]
        assert [told(each) for each in (soon, later)] == [
            [(EXPIRING, 1), (EXPIRED, 0)],
            [(EXPIRING, 7), (EXPIRED, 0)],
        ]

    def test_leave_out_those_that_were_renewed_meanwhile(self, owner: Person) -> None:
        renewed, left = issue(owner, days=8), issue(owner, days=8)
        work(left, 7)
        renew_license(license_id=renewed.pk, expires_at=None, now=timezone.now())
        (letter,) = delivered()
        assert letter.subject == "Your license expires in 7 days"
        assert f"…{left.key_string[-4:]}" in text_of(letter)


class TestTask:
    def test_is_run_by_the_beat(self, owner: Person) -> None:
        assert {"task": tell_of_expiries.name, "schedule": 60, "options": {"expires": 60}} in (
            settings.CELERY_BEAT_SCHEDULE.values()
        )
        license = issue(owner, days=1)
        License.objects.filter(pk=license.pk).update(expires_at=timezone.now() - DAY)
        ExpiryWatch.objects.update(look_at=timezone.now() - 2 * DAY)
        tell_of_expiries()
        assert told(license) == [(EXPIRED, 0)]


@pytest.mark.django_db(transaction=True)
class TestExactlyOnce:
    def test_under_many_workers(self, owner: Person) -> None:
        licenses = [issue(owner, days=8) for _ in range(10)]
        at, workers = licenses[-1].last_moment - 7 * DAY + MINUTE, 4
        start = threading.Barrier(workers)

        def run() -> None:
            start.wait()
            try:
                send_expiry_notices(now=at)
            finally:
                connections.close_all()

        threads = [threading.Thread(target=run) for _ in range(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [told(license) for license in licenses] == [[(EXPIRING, 7)]] * 10
        mails = delivered()
        assert 1 <= len(mails) <= workers

    @pytest.mark.parametrize("table", ["journal_event", "journal_mail"])
    def test_where_the_worker_dies_in_between(self, owner: Person, table: str) -> None:
        license = issue(owner, days=8)
        with broken_insert(table):
            with pytest.raises(DatabaseError):
                work(license, 7)
            assert (told(license), Mail.objects.count()) == ([], 0)
            work(license, 6.9)
        assert (told(license), Mail.objects.count()) == ([(EXPIRING, 7)], 1)
