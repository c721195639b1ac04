"""record_event: one row per fact, and its receivers in the same transaction."""

from contextlib import suppress
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Organization
from coditect.journal import services as journal
from coditect.journal.apps import lift_time_limits
from coditect.journal.models import Event
from coditect.journal.origin import NOBODY, Origin, acting_as, acting_from, current_origin
from coditect.journal.services import on, record_event
from licenses.models import License
from tests.dialects import Api
from tests.factories import Person, make_organization

TYPE = "test.happened"


class ReceiverFailed(Exception):
    """A receiver's refusal."""


@pytest.fixture(autouse=True)
def _own_receivers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Receivers registered here end with the test."""
    monkeypatch.setitem(journal._receivers, TYPE, [])


@pytest.fixture
def subject(db: None) -> Organization:
    """Something that events can happen to."""
    return make_organization()


def record(subject: Organization) -> Event:
    """Write down that something happened."""
    return record_event(TYPE, subject, at=timezone.now(), organization_id=subject.pk, data={"colour": "blue"})


def rename(event: Event) -> None:
    """A receiver that writes."""
    Organization.objects.update(name="Renamed")


def refuse(event: Event) -> None:
    """A receiver that aborts."""
    raise ReceiverFailed


class TestRecordEvent:
    def test_writes_one_row(self, subject: Organization) -> None:
        at = timezone.now()
        record_event(TYPE, subject, at=at, organization_id=subject.pk, data={"colour": "blue"})
        event = Event.objects.get(type=TYPE)
        assert (event.at, event.organization_id, event.data) == (at, subject.pk, {"colour": "blue"})
        assert (event.subject_type, event.subject_id) == ("organization", subject.pk)
        assert event.dispatched_at is None

    def test_stores_its_origin(self, subject: Organization) -> None:
        user_id = uuid4()
        with acting_from(Origin(request_id="req_1", ip="203.0.113.7")):
            acting_as(user_id)
            record(subject)
        event = Event.objects.get(type=TYPE)
        assert (event.request_id, event.ip, event.actor_id) == ("req_1", "203.0.113.7", user_id)

    def test_has_no_origin_outside_a_request(self, subject: Organization) -> None:
        record(subject)
        event = Event.objects.get(type=TYPE)
        assert (event.request_id, event.ip, event.actor_id) == ("", None, None)

    def test_does_not_carry_an_origin_over(self, subject: Organization) -> None:
        with acting_from(Origin(request_id="req_1")):
            acting_as(uuid4())
            with acting_from(Origin(request_id="req_2")):
                assert current_origin() == Origin(request_id="req_2")
            assert current_origin().request_id == "req_1"
        assert current_origin() == NOBODY


class TestReceivers:
    def test_are_told_once_however_often_registered(self, subject: Organization) -> None:
        told: list[Event] = []
        receive = told.append
        on(TYPE, receive)
        on(TYPE, receive)
        event = record(subject)
        assert told == [event]

    def test_are_told_in_order_after_the_row_is_there(self, subject: Organization) -> None:
        told: list[tuple[str, int]] = []
        on(TYPE, lambda event: told.append(("first", Event.objects.filter(pk=event.pk).count())))
        on(TYPE, lambda event: told.append(("second", Event.objects.filter(pk=event.pk).count())))
        record(subject)
        assert told == [("first", 1), ("second", 1)]

    def test_are_told_of_their_type_only(self, subject: Organization) -> None:
        told: list[Event] = []
        on(TYPE, told.append)
        record_event("test.other", subject, at=timezone.now(), organization_id=None)
        assert told == []

    def test_share_the_transaction(self, subject: Organization) -> None:
        on(TYPE, rename)
        with transaction.atomic():
            record(subject)
            transaction.set_rollback(True)
        subject.refresh_from_db()
        assert subject.name != "Renamed"
        assert not Event.objects.filter(type=TYPE).exists()

    def test_abort_everything_by_an_exception(self, subject: Organization) -> None:
        on(TYPE, rename)
        on(TYPE, refuse)

        @transaction.atomic
        def use_case() -> None:
            Organization.objects.update(slug="changed-before")
            record(subject)

        with pytest.raises(ReceiverFailed):
            use_case()
        subject.refresh_from_db()
        assert (subject.name, subject.slug == "changed-before") == ("Acme Inc", False)
        assert not Event.objects.filter(type=TYPE).exists()

    def test_cannot_be_survived_by_catching_their_exception(self, subject: Organization) -> None:
        on(TYPE, refuse)

        @transaction.atomic
        def careless_use_case() -> None:
            with suppress(ReceiverFailed):
                record(subject)
            Organization.objects.update(name="Half done")

        with pytest.raises(transaction.TransactionManagementError):
            careless_use_case()

    @pytest.mark.django_db(transaction=True)
    def test_abort_an_event_recorded_on_its_own(self) -> None:
        subject = make_organization()
        on(TYPE, refuse)
        with pytest.raises(ReceiverFailed):
            record(subject)
        assert not Event.objects.filter(type=TYPE).exists()


class TestRequest:
    def test_is_the_origin_of_its_events(self, api: Api, owner: Person, license: License) -> None:
        body = {"license_key": license.key_string, "hardware_id": "machine-1"}
        answer = api.as_bearer(owner.token).post("acquire", body)
        event = Event.objects.get(type="license.seat.acquired")
        assert event.request_id == answer.headers["X-Request-ID"]
        assert (event.actor_id, event.ip, event.organization_id) == (owner.user_id, "127.0.0.1", owner.organization.pk)

    def test_without_log_in_has_no_actor(self, api: Api, owner: Person) -> None:
        api.as_bearer(owner.token).get("licenses")
        body = {"email": "a@example.com", "password": "SecurePass123!", "full_name": "A", "company_name": "B"}
        answer = api.post("register", body)
        events = Event.objects.exclude(organization_id=owner.organization.pk)
        types = {"organization.created", "license.created", "member.joined", "user.registered"}
        assert {event.type for event in events} == types
        assert {(event.request_id, event.actor_id) for event in events} == {(answer.headers["X-Request-ID"], None)}


class TestMigration:
    def test_has_time(self, db: None) -> None:
        lift_time_limits()
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")
            assert cursor.fetchone() == ("0", "30s")
