"""DELETE licenses/sessions/{id} and POST licenses/release."""

from accounts.models import Role
from coditect.journal.models import Event
from licenses.models import License, SeatSession
from tests.dialects import Api
from tests.factories import Person, make_license, make_person
from tests.licenses.seats import acquire, beat, release


class TestReleaseSeat:
    def test_frees_the_seat_at_once(self, api: Api, owner: Person) -> None:
        license = make_license(owner.organization, seats=1)
        session_id = acquire(api, owner, license).data["session_id"]
        assert acquire(api, owner, license, "machine-2").status == 409
        answer = release(api, owner, session_id)
        assert answer.status == 200
        assert answer.data == {"message": "Seat released.", "session_id": session_id, "seats_remaining": 1}
        assert acquire(api, owner, license, "machine-2").status == 201

    def test_is_the_same_twice(self, api: Api, owner: Person, license: License) -> None:
        session_id = acquire(api, owner, license).data["session_id"]
        assert release(api, owner, session_id).data == release(api, owner, session_id).data
        assert Event.objects.filter(type="license.seat.released").count() == 1

    def test_says_the_present_count_of_an_ended_session(self, api: Api, owner: Person, license: License) -> None:
        session_id = acquire(api, owner, license).data["session_id"]
        release(api, owner, session_id)
        acquire(api, owner, license, "machine-2")
        assert release(api, owner, session_id).data["seats_remaining"] == 1

    def test_by_an_administrator_revokes(self, api: Api, owner: Person, license: License) -> None:
        member = make_person(Role.MEMBER, organization=owner.organization)
        session_id = acquire(api, member, license).data["session_id"]
        assert release(api, owner, session_id).status == 200
        assert SeatSession.objects.get(pk=session_id).end_reason == "revoked"
        assert Event.objects.filter(type="license.seat.revoked", subject_id=session_id).exists()

    def test_of_another_members_seat_is_refused(self, api: Api, owner: Person, license: License) -> None:
        member = make_person(Role.MEMBER, organization=owner.organization)
        session_id = acquire(api, owner, license).data["session_id"]
        answer = release(api, member, session_id)
        assert (answer.status, answer.code) == (404, "session_not_found")
        assert beat(api, owner, session_id).status == 200

    def test_hides_another_organizations_session(
        self, api: Api, owner: Person, outsider: Person, license: License
    ) -> None:
        session_id = acquire(api, owner, license).data["session_id"]
        foreign = release(api, outsider, session_id)
        unknown = release(api, outsider, "00000000-0000-8000-8000-000000000000")
        assert (foreign.status, foreign.code, foreign.message) == (unknown.status, unknown.code, unknown.message)
        assert foreign.status == 404

    def test_by_delete_has_nothing_to_say_in_the_enveloped_dialect(
        self, api: Api, owner: Person, license: License
    ) -> None:
        session_id = acquire(api, owner, license).data["session_id"]
        answer = api.as_bearer(owner.token).delete("session", session_id=session_id)
        assert answer.status == (200 if api.dialect == "flat" else 204)
        assert SeatSession.objects.get(pk=session_id).end_reason == "released"

    def test_refuses_strangers(self, api: Api, owner: Person, license: License) -> None:
        session_id = acquire(api, owner, license).data["session_id"]
        assert api.delete("session", session_id=session_id).status == 401
        assert api.post("release", {"session_id": session_id}).status == 401

    def test_wants_a_session_id(self, api: Api, owner: Person) -> None:
        answer = api.as_bearer(owner.token).post("release", {"session_id": "nonsense"})
        assert answer.status == 400
        assert "session_id" in answer.errors
