"""An INSERT fails in the middle of something: nothing half-done remains, and the retry works."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from django.db import OperationalError
from django.forms.models import model_to_dict

from accounts.models import Role
from coditect.journal.models import Event
from licenses import leases
from licenses.models import LeaseRepair, License, SeatChange, SeatSession
from licenses.services.capacity import change_seats
from licenses.services.expire import sweep_sessions
from tests.api.shapes import assert_problem
from tests.dialects import NAMES, Api
from tests.factories import Person, make_license, make_person
from tests.licenses.broken_inserts import DEFECT, broken_insert
from tests.licenses.seats import acquire, beat, outlive, release

SESSION, EVENT, CHANGE = "licenses_seatsession", "journal_event", "license_seat_change"


class Scene(NamedTuple):
    """Who plays: a license of two seats, outside any test's transaction, since ours must be the real ones."""

    api: Api
    owner: Person
    license: License

    def record(self) -> list[Any]:
        """All that the database holds of the license; deadlines aside, which may grow."""
        sessions = SeatSession.objects.filter(license=self.license).order_by("pk")
        return [
            [model_to_dict(session, exclude=["expires_at"]) for session in sessions],
            list(Event.objects.order_by("pk").values_list("pk", "type")),
            list(SeatChange.objects.filter(license=self.license).values_list("seats", flat=True)),
            list(License.objects.filter(pk=self.license.pk).values_list("max_seats", flat=True)),
            LeaseRepair.objects.count(),
        ]

    def leased(self) -> set[str]:
        """The sessions that Redis has a lease of."""
        return {str(session_id) for session_id in leases.known(self.license)}

    def take(self, hardware_id: str) -> str:
        """The session of a machine that has just got a seat."""
        return str(acquire(self.api, self.owner, self.license, hardware_id).data["session_id"])


@pytest.fixture(params=NAMES)
def scene(request: pytest.FixtureRequest, transactional_db: None) -> Iterator[Scene]:
    """A license with one of its two seats taken."""
    person = make_person(Role.OWNER)
    scene = Scene(Api(request.param), person, make_license(person.organization, seats=2))
    scene.take("first")
    yield scene
    leases_left, unended = scene.leased(), SeatSession.objects.unended().values_list("pk", flat=True)
    assert leases_left == {str(pk) for pk in unended}


class TestAcquireHalfDone:
    @pytest.mark.parametrize("table", [SESSION, EVENT])
    def test_leaves_nothing(self, scene: Scene, table: str) -> None:
        record, leased = scene.record(), scene.leased()
        with broken_insert(table):
            answer = acquire(scene.api, scene.owner, scene.license, "second")
            assert_problem(answer, 503, "service_unavailable")
            assert int(answer.headers["Retry-After"]) >= 1
            assert (scene.record(), scene.leased()) == (record, leased)
            assert acquire(scene.api, scene.owner, scene.license, "second").status == 201

    def test_by_a_defect_leaves_nothing_and_tells_nothing(self, scene: Scene) -> None:
        record, leased = scene.record(), scene.leased()
        with broken_insert(EVENT, code=DEFECT):
            answer = acquire(scene.api, scene.owner, scene.license, "second")
            assert_problem(answer, 500, "internal_error")
            assert b"secret" not in answer.content
            assert (scene.record(), scene.leased()) == (record, leased)
            assert acquire(scene.api, scene.owner, scene.license, "second").status == 201

    def test_of_a_full_license_loses_no_denial(self, scene: Scene) -> None:
        scene.take("second")
        record = scene.record()
        with broken_insert(EVENT):
            assert acquire(scene.api, scene.owner, scene.license, "third").status == 503
            assert scene.record() == record
            assert acquire(scene.api, scene.owner, scene.license, "third").status == 409
        assert Event.objects.filter(type="license.seat.denied").count() == 1


class TestExpiryHalfDone:
    """Leases of the dead go first; where the record did not follow, they are readmitted and free one lease later."""

    @pytest.mark.parametrize(("table", "nth"), [(EVENT, 1), (EVENT, 2), (SESSION, 1), (EVENT, 3)])
    def test_on_the_way_of_an_acquire_leaves_nothing(self, scene: Scene, table: str, nth: int) -> None:
        dead = [*scene.leased(), scene.take("second")]
        for session_id in dead:
            outlive(session_id)
        record = scene.record()
        with broken_insert(table, nth=nth):
            assert acquire(scene.api, scene.owner, scene.license, "third").status == 503
            assert scene.record() == record
        assert acquire(scene.api, scene.owner, scene.license, "third").status == 409
        for session_id in dead:
            outlive(session_id)
        assert acquire(scene.api, scene.owner, scene.license, "third").status == 201
        assert Event.objects.filter(type="license.seat.expired").count() == len(dead)

    @pytest.mark.parametrize("nth", [1, 2])
    def test_in_the_sweep_leaves_nothing(self, scene: Scene, nth: int) -> None:
        dead = [*scene.leased(), scene.take("second")]
        for session_id in dead:
            outlive(session_id, by=timedelta(minutes=1))
        record = scene.record()
        with broken_insert(EVENT, nth=nth):
            with pytest.raises(OperationalError):
                sweep_sessions()
            assert scene.record() == record
        sweep_sessions()
        for session_id in dead:
            outlive(session_id, by=timedelta(minutes=1))
        assert sweep_sessions().expired == len(dead)
        assert not SeatSession.objects.unended().exists()


class TestReleaseHalfDone:
    def test_leaves_the_seat_with_its_holder(self, scene: Scene) -> None:
        session_id = scene.take("second")
        record = scene.record()
        with broken_insert(EVENT):
            assert_problem(release(scene.api, scene.owner, session_id), 503, "service_unavailable")
            assert scene.record() == record
            assert beat(scene.api, scene.owner, session_id).status == 200
            assert acquire(scene.api, scene.owner, scene.license, "first").status == 200
        assert acquire(scene.api, scene.owner, scene.license, "third").status == 409
        assert release(scene.api, scene.owner, session_id).data["seats_remaining"] == 1
        assert acquire(scene.api, scene.owner, scene.license, "third").status == 201


class TestChangeSeatsHalfDone:
    @pytest.mark.parametrize("table", [CHANGE, EVENT])
    @pytest.mark.parametrize("seats", [1, 3])
    def test_leaves_nothing(self, scene: Scene, table: str, seats: int) -> None:
        session_id = scene.take("second")
        record, leased = scene.record(), scene.leased()
        with broken_insert(table):
            with pytest.raises(OperationalError):
                change_seats(license_id=scene.license.pk, seats=seats)
            assert (scene.record(), scene.leased()) == (record, leased)
            assert acquire(scene.api, scene.owner, scene.license, "second").data["revoking"] is False
            assert change_seats(license_id=scene.license.pk, seats=seats).max_seats == seats
        kept = beat(scene.api, scene.owner, session_id).data
        assert (kept["max_seats"], kept["revoking"]) == (seats, seats == 1)
