"""Pages of the flat dialect: `limit`, `offset`, and links to the neighbours."""

from urllib.parse import parse_qs, urlsplit

import pytest

from licenses.models import License
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import Person, make_license

LICENSES = 5
NOT_WHOLE = ["", "-1", "abc", "1e2", "1.0", " 5", "+5", "٣", "²", "1_0", "9" * 20, "0" * 12 + "9" * 20, "9" * 5000]


@pytest.fixture
def reader(owner: Person, flat: Api) -> Api:
    """The owner of five licenses, one of them free."""
    for _ in range(LICENSES - 1):
        make_license(owner.organization)
    return flat.as_bearer(owner.token)


def follow(api: Api, link: str) -> Answer:
    """GET a link of a page."""
    parts = urlsplit(link)
    return api.send("GET", parts.path, query={name: values[0] for name, values in parse_qs(parts.query).items()})


def ids(answer: Answer) -> list[str]:
    """The ids on a page."""
    return [row["id"] for row in answer.rows("licenses")]


class TestOffsetPages:
    @pytest.mark.parametrize("sort", ["-created_at", "tier", "expiry_date"])
    @pytest.mark.parametrize("limit", [2, 5, 1000])
    def test_hold_every_row_once(self, reader: Api, sort: str, limit: int) -> None:
        page = reader.get("licenses", {"sort": sort, "limit": limit})
        found = ids(page)
        while page.json["next"]:
            assert page.json["count"] == LICENSES
            page = follow(reader, page.json["next"])
            found += ids(page)
        assert sorted(found) == sorted(str(pk) for pk in License.objects.values_list("pk", flat=True))

    def test_lead_back_to_the_first(self, reader: Api) -> None:
        page = reader.get("licenses", {"limit": 2, "offset": 4})
        assert (len(ids(page)), page.json["next"]) == (1, None)
        second = follow(reader, page.json["previous"])
        first = follow(reader, second.json["previous"])
        assert first.json["previous"] is None
        assert (ids(first), ids(second)) == (ids(reader.get("licenses"))[:2], ids(reader.get("licenses"))[2:4])

    def test_keep_the_query_in_their_links(self, reader: Api) -> None:
        page = reader.get("licenses", {"limit": 1, "tier": "pro", "sort": "-tier", "is_active": "true"})
        assert page.json["count"] == LICENSES - 1
        parts = urlsplit(page.json["next"])
        assert (parts.scheme, parts.netloc, parts.path) == ("http", "testserver", "/api/v1/licenses/")
        assert parse_qs(parts.query) == {
            "limit": ["1"],
            "tier": ["pro"],
            "sort": ["-tier"],
            "is_active": ["true"],
            "offset": ["1"],
        }

    def test_are_empty_past_the_end(self, reader: Api) -> None:
        page = reader.get("licenses", {"offset": 50})
        assert (page.status, ids(page), page.json["count"], page.json["next"]) == (200, [], LICENSES, None)

    def test_have_a_hundred_rows_unless_asked(self, reader: Api, owner: Person) -> None:
        License.objects.bulk_create(
            License(organization=owner.organization, key_string=f"K-{n}", key_normalized=f"K{n}", max_seats=1)
            for n in range(100)
        )
        page = reader.get("licenses")
        assert (len(ids(page)), page.json["count"]) == (100, 100 + LICENSES)
        assert len(ids(reader.get("licenses", {"limit": 1000}))) == 100 + LICENSES

    @pytest.mark.parametrize("name", ["limit", "offset"])
    def test_refuse_what_is_not_a_whole_number(self, reader: Api, name: str) -> None:
        for value in NOT_WHOLE:
            answer = reader.get("licenses", {name: value})
            assert_problem(answer, 400, "validation_failed")
            assert set(answer.errors) == {name}

    def test_refuse_a_limit_out_of_range(self, reader: Api) -> None:
        for limit in ("0", "1001", "0000000000001001", "00000000000100000"):
            assert_problem(reader.get("licenses", {"limit": limit}), 400, "validation_failed")

    def test_have_no_cursor(self, reader: Api) -> None:
        answer = reader.get("licenses", {"cursor": "x"})
        assert_problem(answer, 400, "validation_failed")
        assert set(answer.errors) == {"cursor"}
