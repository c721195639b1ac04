"""A license goes to another organization: who keeps a seat, and who sees what."""

import pytest
from django.utils import timezone

from accounts.models import Membership, Role, User
from accounts.services.organizations import OrganizationNotFound, close_organization
from coditect.journal.models import Event
from licenses.models import License, SeatSession
from licenses.services.acquire import LicenseNotFound, acquire_seat
from licenses.services.life import RevocationIsFinal, revoke_license, suspend_license
from licenses.services.transfer import transfer_license
from licenses.services.verify import find_oversold
from tests.dialects import Api
from tests.factories import Person, make_membership, make_person
from tests.licenses.seats import acquire, beat, release


def transfer(license: License, to: Person) -> License:
    """Hand a license over."""
    return transfer_license(license_id=license.pk, organization_id=to.organization.pk, now=timezone.now())


def ids_seen(api: Api, person: Person) -> set[str]:
    """The sessions that a person sees in their organization."""
    return {row["session_id"] for row in api.as_bearer(person.token).get("sessions").rows("sessions")}


@pytest.fixture
def both(owner: Person, outsider: Person) -> Person:
    """A member of both organizations, the present owner's first."""
    person = make_person(Role.MEMBER, organization=owner.organization)
    make_membership(Role.MEMBER, organization=outsider.organization, user=person.membership.user)
    return person


class TestTransferLicense:
    def test_gives_it_to_the_other_organization(
        self, api: Api, owner: Person, outsider: Person, license: License
    ) -> None:
        transfer(license, outsider)
        assert api.as_bearer(owner.token).get("license", license_id=license.pk).status == 404
        assert acquire(api, owner, license).code == "license_not_found"
        assert acquire(api, outsider, license).status == 201
        assert find_oversold() == []

    def test_ends_seats_of_those_who_are_not_there(
        self, api: Api, owner: Person, outsider: Person, license: License
    ) -> None:
        seat = acquire(api, owner, license).data["session_id"]
        transfer(license, outsider)
        assert beat(api, owner, seat).code == "seat_revoked"

    def test_keeps_seats_of_those_who_are(
        self, api: Api, owner: Person, outsider: Person, both: Person, license: License
    ) -> None:
        seat = acquire(api, both, license).data["session_id"]
        transfer(license, outsider)
        assert beat(api, both, seat).status == 200
        assert ids_seen(api, outsider) == {seat}
        here = api.with_headers(x_organization_id=str(outsider.organization.pk))
        assert release(here, both, seat).status == 200
        assert ids_seen(api, outsider) == {seat}

    @pytest.mark.parametrize("change", ["viewer", "inactive"])
    def test_keeps_none_of_viewers_and_the_inactive(
        self, owner: Person, outsider: Person, both: Person, license: License, change: str
    ) -> None:
        acquire(Api("flat"), both, license)
        if change == "viewer":
            there = Membership.objects.filter(user=both.user_id, organization=outsider.organization)
            there.update(role=Role.VIEWER)
        else:
            User.objects.filter(pk=both.user_id).update(is_active=False)
        transfer(license, outsider)
        assert SeatSession.objects.get().status == "revoked"

    def test_shows_nobody_what_was_before(self, api: Api, owner: Person, outsider: Person, license: License) -> None:
        released = acquire(api, owner, license, "old").data["session_id"]
        release(api, owner, released)
        ended = acquire(api, owner, license, "live").data["session_id"]
        transfer(license, outsider)
        fresh = acquire(api, outsider, license).data["session_id"]
        assert ids_seen(api, outsider) == {fresh}
        assert ids_seen(api, owner) == set()
        for session_id in (released, ended):
            assert api.as_bearer(outsider.token).get("session", session_id=session_id).status == 404

    def test_is_written_down_on_both_sides(self, owner: Person, outsider: Person, license: License) -> None:
        for _ in range(2):
            transfer(license, outsider)
        found = Event.objects.filter(type="license.transferred").order_by("at", "pk")
        sides = {(event.organization_id, event.data["direction"]) for event in found}
        assert len(found) == 2
        assert sides == {(owner.organization.pk, "out"), (outsider.organization.pk, "in")}
        assert not any(str(outsider.organization.pk) in str(event.data) for event in found)

    def test_keeps_a_suspension(self, owner: Person, outsider: Person, license: License) -> None:
        suspend_license(license_id=license.pk, now=timezone.now())
        assert transfer(license, outsider).status == "suspended"

    def test_of_a_revoked_license_is_refused(self, outsider: Person, license: License) -> None:
        revoke_license(license_id=license.pk, now=timezone.now())
        with pytest.raises(RevocationIsFinal):
            transfer(license, outsider)

    def test_to_a_deleted_organization_is_refused(self, outsider: Person, license: License) -> None:
        close_organization(organization_id=outsider.organization.pk, now=timezone.now())
        with pytest.raises(OrganizationNotFound):
            transfer(license, outsider)

    def test_is_final_for_a_request_that_was_let_in_before(
        self, owner: Person, outsider: Person, license: License
    ) -> None:
        transfer(license, outsider)
        with pytest.raises(LicenseNotFound):
            acquire_seat(
                membership=owner.membership,
                license_key=license.key_string,
                hardware_id="machine-1",
                ip_address="127.0.0.1",
            )
