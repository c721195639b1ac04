"""What a success looks like in each dialect."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from coditect.api.encoding import rfc3339
from licenses.models import License
from tests.api.shapes import UTC_TIME, assert_identified
from tests.dialects import Answer, Api
from tests.factories import Person


def get_license(api: Api, owner: Person, license: License) -> Answer:
    """One object."""
    return api.as_bearer(owner.token).get("license", license_id=license.pk)


class TestOneObject:
    def test_stands_alone_in_flat(self, flat: Api, owner: Person, license: License) -> None:
        answer = get_license(flat, owner, license)
        assert answer.status == 200
        assert answer.json["id"] == str(license.pk)
        assert not {"data", "meta"} & set(answer.json)

    def test_lies_under_data_in_enveloped(self, enveloped: Api, owner: Person, license: License) -> None:
        answer = get_license(enveloped, owner, license)
        assert answer.status == 200
        assert set(answer.json) == {"data", "meta"}
        assert answer.json["data"]["id"] == str(license.pk)

    def test_has_the_same_fields_in_both(self, flat: Api, enveloped: Api, owner: Person, license: License) -> None:
        assert get_license(flat, owner, license).data == get_license(enveloped, owner, license).data

    def test_is_json_with_a_request_id(self, api: Api, owner: Person, license: License) -> None:
        answer = get_license(api, owner, license)
        assert answer.headers["Content-Type"] == "application/json"
        assert_identified(answer)

    def test_has_utc_times_with_z(self, api: Api, owner: Person, license: License) -> None:
        seat = api.as_bearer(owner.token).post("acquire", {"license_key": license.key_string, "hardware_id": "m"})
        times = [seat.data[name] for name in ("started_at", "last_heartbeat_at", "expires_at")]
        times.append(get_license(api, owner, license).data["created_at"])
        assert all(UTC_TIME.fullmatch(time) for time in times)

    def test_differs_in_its_request_id_each_time(self, api: Api) -> None:
        ids = {api.get("health").headers["X-Request-ID"] for _ in range(5)}
        assert len(ids) == 5

    def test_takes_no_request_id_from_the_client(self, api: Api) -> None:
        assert api.with_headers(x_request_id="req_mine").get("health").headers["X-Request-ID"] != "req_mine"


class TestList:
    def test_lies_under_its_plural_in_flat(self, flat: Api, owner: Person, license: License) -> None:
        answer = flat.as_bearer(owner.token).get("licenses")
        assert set(answer.json) == {"count", "next", "previous", "licenses"}
        assert (answer.json["count"], answer.json["next"], answer.json["previous"]) == (2, None, None)

    def test_lies_under_data_in_enveloped(self, enveloped: Api, owner: Person, license: License) -> None:
        answer = enveloped.as_bearer(owner.token).get("licenses")
        assert set(answer.json) == {"data", "pagination", "meta"}
        assert answer.json["pagination"] == {"has_more": False, "next_cursor": None}
        assert_identified(answer)

    @pytest.mark.parametrize(("name", "key"), [("licenses", "licenses"), ("sessions", "sessions")])
    def test_may_be_empty(self, api: Api, owner: Person, name: str, key: str) -> None:
        License.objects.all().delete()
        answer = api.as_bearer(owner.token).get(name)
        assert (answer.status, answer.rows(key)) == (200, [])


class TestTime:
    @pytest.mark.parametrize(
        ("at", "text"),
        [
            (datetime(2026, 1, 9, 10, 30, tzinfo=UTC), "2026-01-09T10:30:00Z"),
            (datetime(2026, 1, 9, 10, 30, 0, 123_456, tzinfo=UTC), "2026-01-09T10:30:00.123Z"),
            (datetime(2026, 1, 9, 12, 30, tzinfo=timezone(timedelta(hours=2))), "2026-01-09T10:30:00Z"),
            (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), "9999-12-31T23:59:59Z"),
            (datetime(26, 1, 9, tzinfo=UTC), "0026-01-09T00:00:00Z"),
        ],
    )
    def test_is_written_in_utc_with_z(self, at: datetime, text: str) -> None:
        assert rfc3339(at) == text
