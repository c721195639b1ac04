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
from licenses.models import License
from licenses.serializers.files import present_keys
from licenses.services.license_files import sign_license_file
from licenses.services.signing_keys import published_keys
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import Person, make_api_token, make_license, make_person

NOW = datetime(2026, 11, 22, 9, 0, 0, 123456, tzinfo=UTC)


def read(file: bytes) -> dict[str, Any]:
    """What a file says, once joserfc has verified it."""
    keys = KeySet.import_key_set(present_keys(published_keys(now=timezone.now())))  # type: ignore[arg-type]
    verified = jws.deserialize_json(json.loads(file), keys, algorithms=["EdDSA"])
    found: dict[str, Any] = json.loads(verified.payload)
    return found


def download(api: Api, person: Person, license: License) -> Answer:
    """Ask for the file."""
    return api.as_bearer(person.token).get("download", license_id=license.pk)


class TestDownload:
    def test_answers_a_file_in_no_envelope(self, api: Api, owner: Person, license: License) -> None:
        answer = download(api, owner, license)
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "application/jose+json"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="license.json"'
        assert answer.headers["Cache-Control"] == "no-store"
        assert set(answer.json) == {"payload", "protected", "signature"}
        assert read(answer.content)["license_id"] == str(license.pk)
