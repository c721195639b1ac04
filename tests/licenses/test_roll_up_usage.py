"""Usage is rolled up when it cannot change any more, once, whatever stops the worker."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.models import Role
from coditect.journal.models import Event
from licenses.models import License, SeatSession, UsageHolder, UsageProgress, UsageRollup
from licenses.services.periods import Period, Span, floor
from licenses.services.personal_data import forget_machines
from licenses.services.rollup import roll_up_usage
from licenses.services.usage import Usage, usage_of
from licenses.tasks import roll_up_past_usage
from tests.factories import Person, make_license, make_person
from tests.licenses.broken_inserts import broken_insert
from tests.licenses.usage import counted_by_hand, denial, hold

MONDAY = datetime(2026, 3, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def used(owner: Person) -> License:
    """A license whose seat was held for half an hour at three noons, and refused at midnight."""
    license = make_license(owner.organization)
    License.objects.update(created_at=MONDAY)
    for day in range(3):
        noon = MONDAY + day * DAY + 12 * HOUR
        hold(license, owner.membership, since=noon, until=noon + HOUR / 2, machine=f"machine-{day}")
    Event.objects.bulk_create([denial(license, at=MONDAY + DAY)])
    return license


def rolled_until() -> datetime:
    """How far the rollup is."""
    return UsageProgress.objects.get().rolled_until


def read(owner: Person, license: License, *, days: int = 4) -> Usage:
    """Usage by the day."""
    return usage_of(
        license_id=license.pk, within=owner.organization, since=MONDAY, until=MONDAY + days * DAY, now=MONDAY + 40 * DAY
    )


def assert_exact(owner: Person, license: License, *, days: int = 4) -> None:
    """The figures are those of the record."""
    usage = read(owner, license, days=days)
    assert usage.buckets == [counted_by_hand(license, found.span) for found in usage.buckets]
    assert usage.total == counted_by_hand(license, Span(MONDAY, MONDAY + days * DAY))


def starts(period: Period) -> list[datetime]:
    """Which of a kind are rolled up."""
    return list(UsageRollup.objects.filter(period=period).order_by("start").values_list("start", flat=True))


class TestRollUp:
    def test_makes_rows_of_hours_in_which_something_happened(self, used: License) -> None:
        roll_up_usage(now=MONDAY + 4 * DAY)
        noons = [MONDAY + day * DAY + 12 * HOUR for day in range(3)]
        assert starts(Period.HOUR) == sorted([*noons, MONDAY + DAY])
        found = UsageRollup.objects.get(period=Period.HOUR, start=noons[0])
        assert (found.peak, found.seat_microseconds, found.denials) == (1, 1_800_000_000, 0)
        assert (found.users, found.machines, len(found.holders)) == (1, 1, 1)

    def test_makes_days_weeks_and_months_once_they_are_over(self, used: License) -> None:
        roll_up_usage(now=MONDAY + 2 * DAY + HOUR)
        assert (starts(Period.DAY), starts(Period.WEEK)) == ([MONDAY, MONDAY + DAY], [])
        assert starts(Period.MONTH) == [datetime(2026, 3, 1, tzinfo=UTC)]
        roll_up_usage(now=MONDAY + 7 * DAY + HOUR)
        (week,) = UsageRollup.objects.filter(period=Period.WEEK)
        assert (week.start, week.peak, week.denials, week.users, week.machines) == (MONDAY, 1, 1, 1, 3)

    def test_waits_until_every_transaction_of_an_hour_is_over(self, used: License) -> None:
        margin = timedelta(minutes=5)
        roll_up_usage(now=MONDAY + 13 * HOUR + margin - SECOND)
        assert rolled_until() == MONDAY + 12 * HOUR
        roll_up_usage(now=MONDAY + 13 * HOUR + margin)
        assert rolled_until() == MONDAY + 13 * HOUR

    def test_waits_for_sessions_whose_end_may_still_be_written_down(self, owner: Person, used: License) -> None:
        session = SeatSession.objects.latest("started_at")
        deadline = session.expires_at
        SeatSession.objects.filter(pk=session.pk).update(ended_at=None, end_reason="")
        roll_up_usage(now=deadline + DAY)
        assert rolled_until() == deadline - HOUR / 2
        SeatSession.objects.filter(pk=session.pk).update(ended_at=deadline + 30 * SECOND, end_reason="expired")
        roll_up_usage(now=deadline + DAY)
        assert rolled_until() > deadline
        assert_exact(owner, used)

    def test_catches_up_after_days_off(self, owner: Person, used: License) -> None:
        assert roll_up_usage(now=MONDAY + 30 * DAY, steps=2) == 2
        assert rolled_until() == MONDAY + 2 * DAY
        assert_exact(owner, used)
        assert roll_up_usage(now=MONDAY + 30 * DAY) == 28
        assert_exact(owner, used)

    def test_changes_nothing_a_second_time(self, used: License) -> None:
        roll_up_usage(now=MONDAY + 8 * DAY)
        before = list(UsageRollup.objects.order_by("pk").values())
        assert roll_up_usage(now=MONDAY + 8 * DAY) == 0
        assert list(UsageRollup.objects.order_by("pk").values()) == before

    def test_goes_on_where_it_was_killed(self, owner: Person, used: License) -> None:
        # The first day takes two rows, its only hour and itself.
        with broken_insert("licenses_usagerollup", nth=3), pytest.raises(DatabaseError):
            roll_up_usage(now=MONDAY + 8 * DAY)
        assert (rolled_until(), UsageRollup.objects.count()) == (MONDAY + DAY, 2)
        assert_exact(owner, used)
        roll_up_usage(now=MONDAY + 8 * DAY)
        assert_exact(owner, used)

    def test_has_nothing_to_do_where_there_is_no_license(self, db: None) -> None:
        assert roll_up_usage(now=MONDAY) == 0
        assert not UsageProgress.objects.exists()

    def test_begins_with_the_first_session_even_of_an_imported_past(self, owner: Person, license: License) -> None:
        hold(license, owner.membership, since=MONDAY, until=MONDAY + HOUR)
        roll_up_usage(now=MONDAY + DAY)
        assert starts(Period.HOUR) == [MONDAY]

    @pytest.mark.parametrize("run", [roll_up_past_usage, lambda: call_command("roll_up_usage", stdout=StringIO())])
    def test_is_a_task_and_a_command(self, owner: Person, license: License, run: Callable[[], object]) -> None:
        an_hour = floor(Period.HOUR, timezone.now()) - 3 * HOUR
        UsageProgress.objects.create(rolled_until=an_hour)
        hold(license, owner.membership, since=an_hour, until=an_hour + HOUR)
        run()
        assert starts(Period.HOUR) == [an_hour]


def begin(work: Callable[[], object]) -> tuple[threading.Thread, list[object]]:
    """Start another worker, on its own connection; what it returns is in the list once it is done."""
    results: list[object] = []

    def run() -> None:
        try:
            results.append(work())
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, results


def roll_up_patiently() -> int:
    """As a worker does, but for the time-out: the machine may be busy."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '30s'")
    return roll_up_usage(now=MONDAY + 8 * DAY)


def wait_for_lock() -> None:
    """Until somebody waits for a lock."""
    for _ in range(2000):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks AS waiting WHERE NOT granted AND EXISTS (SELECT 1 FROM pg_locks AS held"
                " JOIN pg_database ON oid = database WHERE held.pid = waiting.pid AND datname = current_database())"
            )
            if cursor.fetchone()[0]:
                return
    raise AssertionError("nobody waits")


@pytest.mark.django_db(transaction=True)
class TestTwoWorkers:
    def test_leave_a_step_to_who_has_begun_with_it(self, used: License) -> None:
        roll_up_usage(now=MONDAY + DAY)
        with transaction.atomic():
            UsageProgress.objects.select_for_update().get()
            thread, results = begin(lambda: roll_up_usage(now=MONDAY + 8 * DAY))
            thread.join(timeout=30)
        assert results == [0]

    def test_take_each_step_once(self, used: License, owner: Person) -> None:
        workers = [begin(lambda: roll_up_usage(now=MONDAY + 8 * DAY)) for _ in range(2)]
        for thread, _ in workers:
            thread.join(timeout=60)
        assert all(results for _, results in workers)
        roll_up_usage(now=MONDAY + 8 * DAY)
        assert starts(Period.DAY) == [MONDAY, MONDAY + DAY, MONDAY + 2 * DAY]
        assert_exact(owner, used)

    def test_wait_for_who_is_being_forgotten(self, used: License, owner: Person) -> None:
        with transaction.atomic():
            forget_machines(user_id=owner.user_id)
            thread, results = begin(roll_up_patiently)
            wait_for_lock()
        thread.join(timeout=60)
        assert results == [8]
        assert {holder.hardware_id for holder in UsageHolder.objects.all()} == {SeatSession.FORGOTTEN}
        assert_exact(owner, used)


class TestForgottenMachines:
    def test_are_in_no_rollup(self, owner: Person, used: License) -> None:
        roll_up_usage(now=MONDAY + 8 * DAY)
        assert UsageHolder.objects.filter(hardware_id__startswith="machine").count() == 3
        forget_machines(user_id=owner.user_id)
        assert not UsageHolder.objects.filter(hardware_id__startswith="machine").exists()

    def test_count_as_in_the_record_at_once_and_after_the_next_run(self, owner: Person, used: License) -> None:
        colleague = make_person(Role.MEMBER, organization=owner.organization)
        hold(used, colleague.membership, since=MONDAY, until=MONDAY + HOUR, machine="machine-0")
        roll_up_usage(now=MONDAY + 8 * DAY)
        assert read(owner, used).total.machines == 3
        forget_machines(user_id=owner.user_id)
        assert read(owner, used).total.machines == 2
        assert_exact(owner, used)
        roll_up_usage(now=MONDAY + 8 * DAY)
        assert not UsageHolder.objects.filter(is_stale=True).exists()
        assert_exact(owner, used)
        week = UsageRollup.objects.get(period=Period.WEEK)
        assert week.machines == 2

    def test_are_forgotten_in_what_is_rolled_up_later(self, owner: Person, used: License) -> None:
        roll_up_usage(now=MONDAY + DAY + HOUR)
        forget_machines(user_id=owner.user_id)
        roll_up_usage(now=MONDAY + 8 * DAY)
        assert_exact(owner, used)

    def test_of_others_stay(self, owner: Person, used: License) -> None:
        colleague = make_person(Role.MEMBER, organization=owner.organization)
        hold(used, colleague.membership, since=MONDAY, until=MONDAY + HOUR, machine="laptop")
        roll_up_usage(now=MONDAY + 8 * DAY)
        forget_machines(user_id=owner.user_id)
        assert UsageHolder.objects.filter(hardware_id="laptop", is_stale=False).exists()
