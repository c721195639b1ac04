"""A license gets another key: the old one works for a while, and is nobody's ever after."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connections, transaction
from django.utils import timezone

from accounts.models import Role
from coditect.errors import DomainError, InvalidInput
from coditect.journal.models import Event
from licenses import keys
from licenses.models import License, LicenseKey, SeatSession
from licenses.services.acquire import LicenseNotFound, LicenseRevoked, acquire_seat
from licenses.services.life import RevocationIsFinal, revoke_license
from licenses.services.repair import repair_leases
from licenses.services.rotate_key import RotatedKey, rotate_key
from licenses.services.validate import validate_key
from tests.api.shapes import assert_problem
from tests.dialects import Api
from tests.factories import Person, make_api_token, make_license, make_person
from tests.licenses.outage import redis_away
from tests.licenses.seats import acquire, beat

DAY = timedelta(days=1)
IMPORTED = "PROD-2025-ABCD-1234"


def rotate(license: License, **options: Any) -> RotatedKey:
    """Rotate a license's key; `license` itself still shows the old one."""
    return rotate_key(license_id=license.pk, now=options.pop("now", timezone.now()), **options)


def seat_by(person: Person, key: str) -> SeatSession:
    """A seat, asked for by some key."""
    held = acquire_seat(membership=person.membership, license_key=key, hardware_id="machine", ip_address="127.0.0.1")
    return held.session


def worth(key: str, *, now: datetime | None = None) -> str:
    """What a key is worth, by its verdict's code."""
    return validate_key(key, now=now or timezone.now()).code or "valid"


class TestRotateKey:
    def test_gives_a_new_key_at_once(self, license: License, owner: Person) -> None:
        rotated = rotate(license).license
        assert rotated.key_string != license.key_string
        assert not keys.is_malformed(rotated.key_normalized)
        assert seat_by(owner, rotated.key_string).license_id == license.pk
        assert worth(rotated.key_string) == "valid"

    def test_lets_the_old_key_work_through_its_grace(self, license: License, owner: Person) -> None:
        rotate(license)
        assert seat_by(owner, license.key_string.lower()).license_id == license.pk
        assert worth(license.key_string, now=timezone.now() + 7 * DAY - timedelta(minutes=1)) == "valid"

    def test_lets_the_old_key_work_no_longer(self, license: License, owner: Person) -> None:
        rotate(license, now=timezone.now() - 7 * DAY)
        with pytest.raises(LicenseRevoked, match="replaced"):
            seat_by(owner, license.key_string)
        assert worth(license.key_string) == "revoked"

    def test_can_end_the_old_key_at_once(self, license: License, owner: Person) -> None:
        new = rotate(license, grace_days=0).license.key_string
        with pytest.raises(LicenseRevoked):
            seat_by(owner, license.key_string)
        assert (worth(license.key_string), worth(new)) == ("revoked", "valid")

    def test_ends_the_grace_of_older_keys_no_later_than_its_own(self, license: License) -> None:
        now = timezone.now()
        second = rotate(license, now=now, grace_days=30).license
        third = rotate(license, now=now, grace_days=2).license
        assert [worth(each.key_string, now=now + 3 * DAY) for each in (license, second, third)] == [
            *("revoked", "revoked"),
            "valid",
        ]

    def test_never_prolongs_the_grace_of_older_keys(self, license: License) -> None:
        now = timezone.now()
        second = rotate(license, now=now, grace_days=2).license
        rotate(license, now=now, grace_days=30)
        assert [worth(each.key_string, now=now + 3 * DAY) for each in (license, second)] == ["revoked", "valid"]

    def test_says_what_is_wrong_with_the_license_while_the_old_key_works(self, license: License) -> None:
        rotate(license)
        License.objects.filter(pk=license.pk).update(status=License.Status.SUSPENDED)
        assert worth(license.key_string) == "suspended"

    def test_shows_the_old_key_to_no_stranger(self, license: License, outsider: Person) -> None:
        rotate(license, grace_days=0)
        with pytest.raises(LicenseNotFound):
            seat_by(outsider, license.key_string)

    def test_is_refused_for_a_revoked_license(self, license: License) -> None:
        revoke_license(license_id=license.pk, now=timezone.now())
        with pytest.raises(RevocationIsFinal):
            rotate(license)

    def test_is_written_down_without_any_key(self, license: License) -> None:
        new = rotate(license).license
        event = Event.objects.get(type="license.key_rotated")
        assert (event.subject_id, event.organization_id) == (license.pk, license.organization_id)
        assert (event.data["key_ending"], event.data["former_key_ending"]) == (
            new.key_string[-4:],
            license.key_string[-4:],
        )
        for key in (license, new):
            assert keys.normalize(key.key_string)[8:-4] not in str(vars(event)).replace("-", "")


class TestFormerKey:
    """Of a license that has another one by now."""

    @pytest.fixture
    def former(self, license: License) -> str:
        rotate(license, grace_days=0)
        return license.key_string

    def test_cannot_be_imported(self, former: str, outsider: Person) -> None:
        for key in (former, former.lower().replace("-", " ")):
            with pytest.raises(InvalidInput, match="in use"):
                make_license(outsider.organization, key=key)

    def test_cannot_be_written_by_any_way(self, former: str, license: License, outsider: Person) -> None:
        normalized = keys.normalize(former)
        other = License(organization=outsider.organization, key_string=former, key_normalized=normalized, max_seats=1)
        for write in (
            other.save,
            lambda: License.objects.bulk_create([other]),
            lambda: License.objects.filter(pk=license.pk).update(key_normalized=normalized),
            lambda: LicenseKey.objects.create(key_normalized=normalized),
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                write()

    def test_cannot_be_forgotten(self, former: str) -> None:
        rows = LicenseKey.objects.filter(pk=keys.normalize(former))
        for forget in (rows.delete, lambda: rows.update(key_normalized="OTHER")):
            with pytest.raises(DatabaseError, match="taken for ever"), transaction.atomic():
                forget()

    def test_outlives_its_license(self, former: str, license: License, outsider: Person) -> None:
        License.objects.get(pk=license.pk).delete()
        for key in (former, license.key_string):
            with pytest.raises(InvalidInput, match="in use"):
                make_license(outsider.organization, key=key)


class TestRotateKeyEndpoint:
    def test_answers_the_license_with_its_new_key(self, api: Api, owner: Person, license: License) -> None:
        answer = api.as_bearer(owner.token).post("rotate-key", {"grace_days": 3}, license_id=license.pk)
        assert answer.status == 201
        license.refresh_from_db()
        assert (answer.data["id"], answer.data["key_string"]) == (str(license.pk), license.key_string)
        until = datetime.fromisoformat(answer.data["former_key_works_until"])
        assert abs(until - timezone.now() - 3 * DAY) < timedelta(minutes=1)

    @pytest.mark.parametrize("days", [-1, 31, 2.5, "7", True, None])
    def test_refuses_a_grace_that_is_none(self, api: Api, owner: Person, license: License, days: object) -> None:
        answer = api.as_bearer(owner.token).post("rotate-key", {"grace_days": days}, license_id=license.pk)
        assert answer.status == (422 if api.dialect == "enveloped" and days in {-1, 31} else 400)
        assert set(answer.errors) == {"grace_days"}

    def test_is_for_administrators(self, api: Api, owner: Person, outsider: Person, license: License) -> None:
        member = make_person(Role.MEMBER, organization=owner.organization)
        admin = make_person(Role.ADMIN, organization=owner.organization)
        reader = make_api_token(owner, "read:licenses")
        for token, status, code in [
            (member.token, 403, "permission_denied"),
            (outsider.token, 404, "license_not_found"),
            (reader, 403, "insufficient_scope"),
        ]:
            assert_problem(api.as_bearer(token).post("rotate-key", license_id=license.pk), status, code)
        assert api.as_bearer(admin.token).post("rotate-key", license_id=license.pk).status == 201


@pytest.mark.django_db(transaction=True)
class TestSeatsOfARotatedKey:
    """Committed, since Redis learns of a key only then."""

    @pytest.fixture
    def seat(self, owner: Person, license: License) -> str:
        return str(acquire(Api("flat"), owner, license).data["session_id"])

    def key_told_to(self, owner: Person, seat: str) -> str:
        """The key in the answer to a heartbeat."""
        kept = beat(Api("flat"), owner, seat)
        assert (kept.status, kept.data["session_id"]) == (200, seat)
        return str(kept.data["license_key"])

    def test_live_on_and_learn_the_new_key(self, owner: Person, license: License, seat: str) -> None:
        new = rotate(license, grace_days=0).license
        assert self.key_told_to(owner, seat) == new.key_string
        assert SeatSession.objects.get().ended_at is None

    def test_learn_it_too_where_redis_was_away(self, owner: Person, license: License, seat: str) -> None:
        with redis_away():
            new = rotate(license).license
        assert repair_leases() == 1
        assert self.key_told_to(owner, seat) == new.key_string

    def test_hear_of_no_key_that_was_not_committed(self, owner: Person, license: License, seat: str) -> None:
        with transaction.atomic():
            rotate(license)
            transaction.set_rollback(True)
        assert self.key_told_to(owner, seat) == license.key_string


def at_once(*actions: Callable[[], Any]) -> list[Any]:
    """What actions that begin together come to; a refusal is a result."""
    start = threading.Barrier(len(actions))
    results: list[Any] = [None] * len(actions)

    def run(index: int) -> None:
        start.wait()
        try:
            results[index] = actions[index]()
        except DomainError as refusal:
            results[index] = refusal
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[index]) for index in range(len(actions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_of_two_rotations_leave_one_key_and_forget_none(self, license: License) -> None:
        first, second = at_once(lambda: rotate(license), lambda: rotate(license))
        present = License.objects.get(pk=license.pk).key_normalized
        given = {first.license.key_normalized, second.license.key_normalized}
        rows = LicenseKey.objects.filter(license=license)
        assert present in given
        assert set(rows.values_list("pk", flat=True)) == {license.key_normalized, *given}
        assert set(rows.filter(works_until=None).values_list("pk", flat=True)) == {present}
        assert Event.objects.filter(type="license.key_rotated").count() == 2

    def test_of_a_rotation_and_an_import_never_give_the_key_away(self, owner: Person, outsider: Person) -> None:
        license = make_license(owner.organization, key=IMPORTED)
        rotated, refused = at_once(
            lambda: rotate(license), lambda: make_license(outsider.organization, key=IMPORTED.lower())
        )
        assert isinstance(rotated, RotatedKey)
        assert isinstance(refused, InvalidInput)
        assert LicenseKey.objects.get(pk=keys.normalize(IMPORTED)).license_id == license.pk

    def test_of_a_rotation_and_a_seat_end_well(self, owner: Person, license: License) -> None:
        rotated, session = at_once(lambda: rotate(license), lambda: seat_by(owner, license.key_string))
        assert isinstance(rotated, RotatedKey)
        assert session.license_id == license.pk
