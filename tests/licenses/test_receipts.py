"""The receipt of a verdict: what it says, and that it can be verified without us."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone
from joserfc import jws
from joserfc.jwk import KeySet
from pytest_django import Settings

from coditect import redis
from licenses import keys
from licenses.models import License, SigningKey
from licenses.serializers.files import present_keys
from licenses.services.receipts import RECEIPT
from licenses.services.validate import validate_key
from tests.dialects import Api
from tests.factories import Person, make_license

DAY = 24 * 60 * 60


def read(receipt: str | None) -> dict[str, Any]:
    """What a receipt says, verified by a library that is not ours."""
    assert receipt is not None
    published = present_keys(SigningKey.objects.all())
    found = jws.deserialize_compact(receipt, KeySet.import_key_set(published), algorithms=["EdDSA"])  # type: ignore[arg-type]  # joserfc's types are narrower than what it takes
    assert found.headers()["typ"] == RECEIPT
    claims: dict[str, Any] = json.loads(found.payload)
    return claims


def receipt_of(license: License, *, now: datetime | None = None) -> dict[str, Any]:
    """What the receipt of a license's key says."""
    return read(validate_key(license.key_string, now=now or timezone.now()).receipt)


class TestNoReceipt:
    def test_is_needed_for_a_typing_error_nor_the_database(self) -> None:
        verdict = validate_key("DEV-2026-0000-0000-0000-0000-0000-0000-00ZZ", now=timezone.now())
        assert (verdict.code, verdict.receipt) == ("malformed_key", None)


# RFC 9864 would have the algorithm called Ed25519; the libraries in the field know it as EdDSA.
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.usefixtures("db")
class TestReceipt:
    def test_says_what_the_verdict_says(self, license: License, settings: Settings) -> None:
        now = timezone.now().replace(microsecond=250_000)
        issued_at = int(now.timestamp())
        assert receipt_of(license, now=now) == {
            "iss": settings.PUBLIC_URL,
            "iat": issued_at,
            "exp": issued_at + 7 * DAY,
            "key_sha256": keys.hash_key(keys.normalize(license.key_string)),
            "valid": True,
            "code": None,
            "checked_at": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "max_age": 300,
            "stale_if_error": 7 * DAY,
        }

    def test_of_a_bad_key_is_good_for_nothing(self, license: License) -> None:
        License.objects.filter(pk=license.pk).update(status="suspended")
        claims = receipt_of(license)
        assert (claims["valid"], claims["code"]) == (False, "suspended")
        assert (claims["max_age"], claims["stale_if_error"]) == (300, 0)

    def test_comes_with_the_verdict_on_a_key_that_nobody_has(self) -> None:
        claims = read(validate_key("PROD-2025-NONE-0000", now=timezone.now()).receipt)
        assert (claims["valid"], claims["code"]) == (False, "not_found")

    def test_is_good_for_as_long_as_a_license_file_of_the_tier(self, owner: Person, settings: Settings) -> None:
        settings.OFFLINE_GRACE_DAYS = {"enterprise": 30}
        assert receipt_of(make_license(owner.organization, tier="enterprise"))["stale_if_error"] == 30 * DAY

    def test_does_not_outlive_the_license(self, owner: Person) -> None:
        now = timezone.now()
        license = make_license(owner.organization, expires_at=now + timedelta(seconds=90))
        claims = receipt_of(license, now=now)
        assert (claims["max_age"], claims["stale_if_error"], claims["exp"] - claims["iat"]) == (90, 90, 90)

    def test_does_not_outlive_the_grace_of_a_former_key(self, license: License) -> None:
        now = timezone.now()
        former = license.key_string
        License.objects.filter(pk=license.pk).update(key_string="DEV-2026-NEW", key_normalized="DEV2026NEW")
        license.keys.filter(pk=keys.normalize(former)).update(works_until=now + timedelta(hours=1))
        assert read(validate_key(former, now=now).receipt)["stale_if_error"] == 3600
        ended = validate_key(former, now=now + timedelta(hours=1))
        assert (ended.code, read(ended.receipt)["stale_if_error"]) == ("revoked", 0)

    def test_never_holds_the_key_or_whose_it_is(self, license: License) -> None:
        said = json.dumps(receipt_of(license))
        assert license.key_string not in said
        assert str(license.organization_id) not in said
        assert str(license.pk) not in said

    def test_is_missed_where_signing_is_out_of_order(self, api: Api, license: License, settings: Settings) -> None:
        settings.LICENSE_SIGNING_KEY = Ed25519PrivateKey.generate()
        receipt_of(license)
        SigningKey.objects.update(withdrawn_at=timezone.now(), retired_at=timezone.now())
        redis.client.flushdb()
        answer = api.post("validate", {"key_string": license.key_string})
        assert (answer.status, answer.data["valid"], answer.data["receipt"]) == (200, True, None)
