"""POST licenses/validate: what CI scripts read."""

from datetime import timedelta

import pytest
from django.test import override_settings
from django.utils import timezone

from licenses.models import License
from tests.dialects import Answer, Api
from tests.licenses.unhurried import give_time


def validate(api: Api, key: object) -> Answer:
    """Ask whether a key is good."""
    return api.post("validate", {"key_string": key})


class TestValidateLicense:
    def test_says_what_a_good_key_is_worth(self, api: Api, license: License) -> None:
        answer = validate(api, license.key_string)
        assert answer.status == 200
        assert set(answer.data) == {"valid", "license", "checked_at", "receipt"}
        assert answer.data["valid"] is True
        assert answer.data["license"] == {
            "tier": "pro",
            "status": "active",
            "is_active": True,
            "expiry_date": "9999-12-31T23:59:59Z",
            "max_seats": 2,
            "features": [],
        }

    def test_says_the_same_again_from_redis(self, api: Api, license: License, monkeypatch: pytest.MonkeyPatch) -> None:
        give_time(monkeypatch)
        assert validate(api, license.key_string).data == validate(api, license.key_string).data

    def test_never_says_whose_it_is(self, api: Api, license: License) -> None:
        content = validate(api, license.key_string).content.decode()
        assert license.organization.name not in content
        assert str(license.organization_id) not in content

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"status": "suspended"}, "suspended"),
            ({"status": "revoked"}, "revoked"),
            ({"expires_at": timezone.now() - timedelta(seconds=1)}, "expired"),
        ],
    )
    def test_says_why_a_key_is_not_good(self, api: Api, license: License, change: dict[str, object], code: str) -> None:
        License.objects.filter(pk=license.pk).update(**change)
        answer = validate(api, license.key_string)
        assert (answer.status, answer.data["valid"], answer.data["code"]) == (200, False, code)
        assert answer.data["reason"]
        assert "license" not in answer.data

    def test_tells_a_typing_error_from_a_stranger(self, api: Api, license: License) -> None:
        wrong = "0" if license.key_string[-1] != "0" else "1"
        assert validate(api, license.key_string[:-1] + wrong).data["code"] == "malformed_key"
        assert validate(api, "PROD-2025-ABCD-1234").data["code"] == "not_found"

    def test_reads_keys_forgivingly(self, api: Api, license: License) -> None:
        assert validate(api, f"  {license.key_string.lower().replace('-', ' ')}").data["valid"] is True

    def test_ignores_a_broken_bearer(self, api: Api, license: License) -> None:
        assert validate(api.as_bearer("expired.or.broken"), license.key_string).data["valid"] is True

    @pytest.mark.parametrize("body", [{}, {"key_string": None}, {"key_string": ""}, {"key_string": ["a"]}])
    def test_wants_a_key(self, api: Api, body: dict[str, object]) -> None:
        answer = api.post("validate", body)
        assert answer.status == 400
        if api.dialect == "flat":
            assert answer.json["valid"] is None
            assert answer.json["reason"] == answer.json["detail"]

    @override_settings(RATE_LIMIT_FACTOR=1)
    def test_passes_exactly_sixty_times_a_minute(self, api: Api, license: License) -> None:
        answers = [validate(api, license.key_string) for _ in range(61)]
        assert [answer.status for answer in answers] == [200] * 60 + [429]
        assert 1 <= int(answers[60].headers["Retry-After"]) <= 60
        if api.dialect == "flat":
            assert answers[60].json["valid"] is None
            assert answers[60].json["reason"]
