"""The journal is append-only, for the server's own database role too, and pruned by one function alone."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import DatabaseError, ProgrammingError, connection, transaction
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Organization
from coditect.journal import audit
from coditect.journal.audit import prune_events
from coditect.journal.models import Event
from coditect.journal.services import record_event
from coditect.journal.tasks import prune_old_events
from tests.factories import make_organization

REFUSED = "append-only"
OLD = "test.old"


def run(sql: str, *parameters: UUID | datetime | None) -> None:
    """Run a statement as the role that the server uses; what it did before stays."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def refused(sql: str, *parameters: UUID | datetime | None) -> None:
    """Expect the database to refuse a statement."""
    with pytest.raises(ProgrammingError, match=REFUSED):
        run(sql, *parameters)


def record(subject: Organization, *, days_ago: float, event_type: str = OLD) -> Event:
    """An event of a while ago."""
    at = timezone.now() - timedelta(days=days_ago)
    return record_event(event_type, subject, at=at, organization_id=subject.pk, data={"colour": "blue"})


@pytest.fixture
def subject(db: None) -> Organization:
    """Something that events can happen to."""
    return make_organization()


@pytest.fixture
def event(subject: Organization) -> Event:
    """An event that is ten years old."""
    return record(subject, days_ago=3650)


class TestAppendOnly:
    @pytest.mark.parametrize(
        "change",
        [
            "type = 'x'",
            "at = now()",
            "data = '{}'",
            'data = data || \'{"colour": "red"}\'',
            "actor_id = gen_random_uuid()",
            "api_token_id = gen_random_uuid()",
            "organization_id = NULL",
            "subject_id = gen_random_uuid()",
            "ip = '192.0.2.1'",
            "request_id = 'x'",
            "id = gen_random_uuid()",
            "number = DEFAULT",
            "type = 'x', dispatched_at = now()",
        ],
    )
    def test_refuses_to_change(self, event: Event, change: str) -> None:
        refused(f"UPDATE journal_event SET {change} WHERE id = %s", event.pk)  # noqa: S608 (our own text)
        again = Event.objects.get(pk=event.pk)
        assert (again.type, again.data, again.ip) == (event.type, event.data, event.ip)

    def test_lets_an_event_be_marked_as_dispatched(self, event: Event) -> None:
        now = timezone.now()
        assert Event.objects.filter(pk=event.pk).update(dispatched_at=now) == 1
        assert Event.objects.get(pk=event.pk).dispatched_at == now

    def test_refuses_to_delete_however_old(self, event: Event) -> None:
        refused("DELETE FROM journal_event WHERE id = %s", event.pk)
        with pytest.raises(DatabaseError, match=REFUSED), transaction.atomic():
            event.delete()
        assert Event.objects.filter(type=OLD).exists()

    def test_refuses_to_delete_what_is_young_even_with_the_flag(self, subject: Organization) -> None:
        young = record(subject, days_ago=29)
        with transaction.atomic():
            run("SELECT set_config('coditect.pruning', 'on', true)")
            refused("DELETE FROM journal_event WHERE id = %s", young.pk)
        assert Event.objects.filter(pk=young.pk).exists()

    def test_refuses_to_truncate(self, event: Event) -> None:
        # The tests' own clearing away needs the trigger off; it is on in every other database.
        run("ALTER TABLE journal_event ENABLE TRIGGER journal_event_keep_all")
        refused("TRUNCATE journal_event")
        refused("TRUNCATE journal_event CASCADE")
        run("ALTER TABLE journal_event DISABLE TRIGGER journal_event_keep_all")
        assert Event.objects.filter(type=OLD).exists()


class TestPruneEvents:
    def test_deletes_what_is_older_than_the_retention(self, subject: Organization) -> None:
        for days in (401, 399, 31):
            record(subject, days_ago=days)
        assert prune_events(now=timezone.now(), days=400) == 1
        assert Event.objects.filter(type=OLD).count() == 2
        assert prune_events(now=timezone.now(), days=400) == 0

    def test_goes_in_batches(self, subject: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(audit, "EVENTS_PER_BATCH", 2)
        monkeypatch.setattr(audit, "BATCHES_PER_RUN", 2)
        for _ in range(5):
            record(subject, days_ago=500)
        assert prune_events(now=timezone.now(), days=400) == 4
        assert prune_events(now=timezone.now(), days=400) == 1

    def test_leaves_the_journal_closed_behind_it(self, event: Event, subject: Organization) -> None:
        with transaction.atomic():
            prune_events(now=timezone.now(), days=400)
            kept = record(subject, days_ago=3650)
            refused("DELETE FROM journal_event WHERE id = %s", kept.pk)
        assert Event.objects.filter(type=OLD).count() == 1

    @pytest.mark.parametrize("before", [None, "2999-01-01T00:00:00Z"], ids=["nothing", "tomorrow"])
    def test_keeps_the_last_thirty_days_whatever_it_is_told(self, event: Event, before: str | None) -> None:
        moment = datetime.fromisoformat(before) if before else None
        with pytest.raises(ProgrammingError, match="30 days"):
            run("SELECT journal_event_prune(%s, 10)", moment)
        assert Event.objects.filter(type=OLD).exists()

    def test_is_what_the_worker_does(self, subject: Organization, settings: Settings) -> None:
        record(subject, days_ago=101)
        prune_old_events()
        assert Event.objects.filter(type=OLD).exists()
        settings.AUDIT_RETENTION_DAYS = 100
        prune_old_events()
        assert not Event.objects.filter(type=OLD).exists()


class TestRoles:
    """A server whose role does not own the tables: it may write and prune, and no more."""

    @pytest.fixture(autouse=True)
    def _as_web(self, event: Event) -> None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE ROLE coditect_web_test")
            cursor.execute("GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON journal_event TO coditect_web_test")
            cursor.execute("SET LOCAL ROLE coditect_web_test")

    def test_is_refused_what_its_rights_would_allow(self, event: Event) -> None:
        refused("UPDATE journal_event SET type = 'x' WHERE id = %s", event.pk)
        refused("DELETE FROM journal_event WHERE id = %s", event.pk)

    def test_cannot_turn_the_triggers_off(self, event: Event) -> None:
        for statement in (
            "ALTER TABLE journal_event DISABLE TRIGGER ALL",
            "DROP TRIGGER journal_event_keep ON journal_event",
            "SET LOCAL session_replication_role = replica",
        ):
            with pytest.raises(ProgrammingError, match=r"must be owner|permission denied"):
                run(statement)

    def test_prunes_only_where_it_was_granted(self, event: Event) -> None:
        with pytest.raises(ProgrammingError, match="permission denied"):
            prune_events(now=timezone.now(), days=400)

    def test_prunes_with_that_grant_alone(self, event: Event) -> None:
        run("RESET ROLE")
        run("REVOKE DELETE, TRUNCATE ON journal_event FROM coditect_web_test")
        run("GRANT EXECUTE ON FUNCTION journal_event_prune(timestamptz, integer) TO coditect_web_test")
        run("SET LOCAL ROLE coditect_web_test")
        assert prune_events(now=timezone.now(), days=400) == 1
        assert not Event.objects.filter(type=OLD).exists()
