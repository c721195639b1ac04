"""Downloading a license as a signed file."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from joserfc import jws
from joserfc.jwk import KeySet
from pytest_django import Settings

from accounts.models import Role
from coditect.journal.models import Event
from licenses.models import PERPETUAL, License
from licenses.serializers.files import present_keys
from licenses.services.license_files import sign_license_file
from licenses.services.signing_keys import published_keys
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import Person, make_api_token, make_license, make_person

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated via RFC 9864")

NOW = datetime(2026, 11, 22, 9, 0, 0, 123456, tzinfo=UTC)


def read(file: bytes) -> dict[str, Any]:
    """What a file says, once joserfc has verified it."""
    keys = KeySet.import_key_set(json.loads(json.dumps(present_keys(published_keys(now=timezone.now())))))
    verified = jws.deserialize_json(json.loads(file), keys, algorithms=["EdDSA"])
    found: dict[str, Any] = json.loads(verified.payload)
    return found


def download(api: Api, person: Person, license: License) -> Answer:
    """Ask for the file."""
    return api.as_bearer(person.token).get("download", license_id=license.pk)


def validity(person: Person, license: License, *, now: datetime = NOW) -> tuple[str, str]:
    """From when to when a file made now is good."""
    file = read(sign_license_file(membership=person.membership, license_id=license.pk, now=now))
    return file["issued_at"], file["valid_until"]


class TestDownload:
    def test_answers_a_file_in_no_envelope(self, api: Api, owner: Person, license: License) -> None:
        answer = download(api, owner, license)
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "application/jose+json"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="license.json"'
        assert answer.headers["Cache-Control"] == "no-store"
        assert set(answer.json) == {"payload", "protected", "signature"}
        assert read(answer.content)["license_id"] == str(license.pk)

    def test_is_open_to_a_reading_token(self, api: Api, owner: Person, license: License) -> None:
        token = make_api_token(owner, "read:licenses")
        assert api.as_bearer(token).get("download", license_id=license.pk).status == 200
        token = make_api_token(owner, "read:org")
        assert_problem(api.as_bearer(token).get("download", license_id=license.pk), 403, "insufficient_scope")

    def test_hides_a_foreign_license(self, api: Api, outsider: Person, license: License) -> None:
        assert_problem(download(api, outsider, license), 404, "license_not_found")
        viewer = make_person(Role.VIEWER)
        assert_problem(download(api, viewer, license), 404, "license_not_found")

    def test_is_refused_to_viewers(self, api: Api, owner: Person, license: License) -> None:
        viewer = make_person(Role.VIEWER, organization=owner.organization)
        assert_problem(download(api, viewer, license), 403, "permission_denied")
        member = make_person(Role.MEMBER, organization=owner.organization)
        assert download(api, member, license).status == 200

    @pytest.mark.parametrize("status", ["suspended", "revoked", "expired"])
    def test_is_refused_for_what_is_not_active(self, api: Api, owner: Person, license: License, status: str) -> None:
        change = {"expires_at": timezone.now()} if status == "expired" else {"status": status}
        License.objects.filter(pk=license.pk).update(**change)
        assert_problem(download(api, owner, license), 403, f"license_{status}")
        assert not Event.objects.filter(type="license.downloaded").exists()

    def test_is_written_down(self, api: Api, owner: Person, license: License) -> None:
        answer = download(api, owner, license)
        event = Event.objects.get(type="license.downloaded")
        assert (event.subject_id, event.organization_id) == (license.pk, owner.organization.pk)
        assert (event.actor_id, event.ip) == (owner.user_id, "127.0.0.1")
        until = datetime.fromisoformat(read(answer.content)["valid_until"])
        assert event.data == {"license_id": str(license.pk), "valid_until": until.isoformat()}


class TestLicenseFile:
    def test_tells_the_license(self, owner: Person, settings: Settings) -> None:
        settings.PUBLIC_URL = "https://licenses.example"
        license = make_license(owner.organization, seats=3, tier="team", expires_at=timezone.now() + timedelta(days=90))
        license.features = ["größer", "faster"]
        license.save(update_fields=["features"])
        assert license.expires_at is not None
        assert read(sign_license_file(membership=owner.membership, license_id=license.pk, now=NOW)) == {
            "schema_version": 1,
            "iss": "https://licenses.example",
            "issued_at": "2026-11-22T09:00:00Z",
            "valid_until": "2026-11-29T09:00:00Z",
            "license_id": str(license.pk),
            "license_key": license.key_string,
            "tier": "team",
            "status": "active",
            "features": ["größer", "faster"],
            "max_seats": 3,
            "expiry_date": license.expires_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "organization_id": str(owner.organization.pk),
            "organization_name": owner.organization.name,
        }

    def test_is_good_for_as_long_as_its_tier_may_be(self, owner: Person, settings: Settings) -> None:
        settings.OFFLINE_GRACE_DAYS, settings.OFFLINE_GRACE_DAYS_OTHERS = {"enterprise": 30}, 2
        files = {tier: validity(owner, make_license(owner.organization, tier=tier)) for tier in ("enterprise", "pro")}
        assert files == {
            "enterprise": ("2026-11-22T09:00:00Z", "2026-12-22T09:00:00Z"),
            "pro": ("2026-11-22T09:00:00Z", "2026-11-24T09:00:00Z"),
        }

    def test_never_outlives_its_license(self, owner: Person) -> None:
        end = timezone.now() + timedelta(days=30)
        license = make_license(owner.organization, expires_at=end)
        _, until = validity(owner, license, now=end - timedelta(hours=1))
        assert until == end.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def test_is_the_same_whoever_downloads_it(self, owner: Person, license: License) -> None:
        member = make_person(Role.MEMBER, organization=owner.organization)
        files = [
            sign_license_file(membership=person.membership, license_id=license.pk, now=NOW)
            for person in (owner, member)
        ]
        assert files[0] == files[1]

    def test_knows_licenses_without_an_end(self, owner: Person) -> None:
        license = make_license(owner.organization)
        file = read(sign_license_file(membership=owner.membership, license_id=license.pk, now=NOW))
        assert file["expiry_date"] == PERPETUAL.isoformat().replace("+00:00", "Z")
