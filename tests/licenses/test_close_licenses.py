"""What a deleted organization's licenses are worth."""

import pytest

from accounts.models import Organization
from coditect.errors import Conflict
from coditect.journal import services as journal
from coditect.journal.models import Event
from licenses.models import License, SeatSession
from licenses.services.acquire import LicenseRevoked, acquire_seat
from licenses.services.repair import repair_leases
from tests.api.shapes import assert_problem
from tests.dialects import Api
from tests.factories import Person, make_person
from tests.licenses.outage import redis_away


def take(api: Api, person: Person, license: License, machine: str = "laptop") -> str:
    """A seat."""
    body = {"license_key": license.key_string, "hardware_id": machine}
    return str(api.as_bearer(person.token).post("acquire", body).data["session_id"])


def delete(api: Api, owner: Person) -> None:
    """Delete the organization."""
    answer = api.as_bearer(owner.token).delete("organization", organization_id=owner.organization.pk)
    assert answer.status in {200, 204}


class TestDeletedOrganization:
    def test_holds_no_seats(self, api: Api, owner: Person, license: License) -> None:
        member = make_person("member", organization=owner.organization)
        seats = {take(api, owner, license): owner, take(api, member, license): member}
        delete(api, owner)
        assert set(SeatSession.objects.values_list("end_reason", flat=True)) == {"revoked"}
        for seat, holder in seats.items():
            answer = api.as_bearer(holder.token).patch("heartbeat", session_id=seat)
            assert_problem(answer, 404, "seat_revoked")

    def test_holds_no_seats_once_redis_is_back_either(self, api: Api, owner: Person, license: License) -> None:
        seat = take(api, owner, license)
        with redis_away():
            delete(api, owner)
        assert repair_leases() == 1
        assert_problem(api.as_bearer(owner.token).patch("heartbeat", session_id=seat), 404, "seat_revoked")

    def test_has_no_good_keys(self, api: Api, owner: Person, license: License) -> None:
        delete(api, owner)
        verdict = api.post("validate", {"key_string": license.key_string}).data
        assert (verdict["valid"], verdict["code"]) == (False, "revoked")

    def test_gives_no_seat_to_a_request_that_was_let_in_before(self, owner: Person, license: License) -> None:
        delete(Api("flat"), owner)
        with pytest.raises(LicenseRevoked):
            acquire_seat(
                membership=owner.membership,
                license_key=license.key_string,
                hardware_id="laptop",
                ip_address="127.0.0.1",
            )

    def test_is_told_of_each_license(self, api: Api, owner: Person, license: License) -> None:
        delete(api, owner)
        subjects = Event.objects.filter(type="license.revoked").values_list("subject_id", flat=True)
        assert set(subjects) == set(owner.organization.licenses.values_list("pk", flat=True))

    def test_leaves_others_alone(self, api: Api, owner: Person, outsider: Person, license: License) -> None:
        foreign = outsider.organization.licenses.get()
        seat = take(api, outsider, foreign)
        delete(api, owner)
        assert api.as_bearer(outsider.token).patch("heartbeat", session_id=seat).status == 200
        foreign.refresh_from_db()
        assert foreign.status == "active"

    def test_keeps_all_where_the_deletion_is_refused(
        self, api: Api, owner: Person, license: License, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(event: Event) -> None:
            raise Conflict("Not now.")

        seat = take(api, owner, license)
        receivers = [*journal._receivers["organization.deleted"], refuse]
        monkeypatch.setitem(journal._receivers, "organization.deleted", receivers)
        client = api.as_bearer(owner.token)
        assert_problem(client.delete("organization", organization_id=owner.organization.pk), 409, "conflict")
        assert Organization.objects.get(pk=owner.organization.pk).status == "active"
        assert client.patch("heartbeat", session_id=seat).status == 200
