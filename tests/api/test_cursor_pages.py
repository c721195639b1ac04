"""Pages of the enveloped dialect: `limit` and an opaque cursor."""

from datetime import timedelta

import pytest
from django.core import signing
from django.utils import timezone

from coditect.api.pagination import CURSOR_SALT, _read_cursor
from coditect.api.queries import InvalidQuery
from licenses.models import License
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import Person, make_license

LICENSES = 7
MADE_UP = ["x", "%00", "\x00", "😀", "a:b:c", ":", "::", ".a:b:c", "W10", "eyJhIjoxfQ", "a" * 4000, "null", "1"]
BAD_LIMITS = ["", "0", "-1", "101", "1001", "abc", "1e2", "1.0", " 5", "+5", "٣", "0" * 12 + "500", "9" * 5000]
SORTS = ["created_at", "-created_at", "tier", "-tier", "expiry_date", "-expiry_date"]


@pytest.fixture
def reader(owner: Person, enveloped: Api) -> Api:
    """The owner of seven licenses, one of them free."""
    now = timezone.now()
    License.objects.bulk_create(
        License(
            organization=owner.organization,
            key_string=f"K-{number}",
            key_normalized=f"K{number}",
            tier=f"tier{number % 3}",
            max_seats=1,
            expires_at=now + timedelta(days=number) if number > 3 else None,
        )
        for number in range(LICENSES - 1)
    )
    return enveloped.as_bearer(owner.token)


def ids(answer: Answer) -> list[str]:
    """The ids on a page."""
    return [row["id"] for row in answer.rows("licenses")]


def walk(api: Api, *, sort: str, limit: int, cursor: str | None = None) -> list[str]:
    """The ids on a page and all that follow."""
    query = {"sort": sort, "limit": limit} | ({"cursor": cursor} if cursor else {})
    page = api.get("licenses", query)
    assert page.status == 200, page.json
    next_cursor = page.json["pagination"]["next_cursor"]
    assert page.json["pagination"]["has_more"] == (next_cursor is not None)
    assert len(ids(page)) == limit or next_cursor is None
    return ids(page) + (walk(api, sort=sort, limit=limit, cursor=next_cursor) if next_cursor else [])


def all_ids() -> list[str]:
    """The ids in the database."""
    return sorted(str(pk) for pk in License.objects.values_list("pk", flat=True))


def first_cursor(api: Api, sort: str = "-created_at") -> str:
    """The cursor of the second page."""
    return str(api.get("licenses", {"sort": sort, "limit": 2}).json["pagination"]["next_cursor"])


def changed(cursor: str, position: int, character: str) -> str:
    """The cursor with another character at a position."""
    return cursor[:position] + character + cursor[position + 1 :]


class TestCursorPages:
    @pytest.mark.parametrize("sort", SORTS)
    def test_hold_every_row_once(self, reader: Api, sort: str) -> None:
        for limit in (1, 3, LICENSES, 100):
            assert sorted(walk(reader, sort=sort, limit=limit)) == all_ids()

    @pytest.mark.parametrize("sort", SORTS)
    def test_hold_every_row_once_where_all_are_equal(self, reader: Api, sort: str) -> None:
        License.objects.update(created_at=timezone.now(), tier="same", expires_at=None)
        assert sorted(walk(reader, sort=sort, limit=2)) == all_ids()

    @pytest.mark.parametrize("sort", SORTS)
    def test_keep_the_order_of_the_whole_list(self, reader: Api, sort: str) -> None:
        assert walk(reader, sort=sort, limit=2) == ids(reader.get("licenses", {"sort": sort}))

    @pytest.mark.parametrize(
        "tier", ["2026-01-09", "2026-01-09 10:30", "2026-01-09T10:30:00Z", "2026-13-40 10:30", "5"]
    )
    def test_take_names_for_names_even_if_they_look_like_times(self, reader: Api, tier: str) -> None:
        License.objects.update(tier=tier)
        assert sorted(walk(reader, sort="tier", limit=2)) == all_ids()

    @pytest.mark.parametrize("sort", SORTS)
    def test_hold_every_older_row_once_while_rows_are_added(self, reader: Api, owner: Person, sort: str) -> None:
        before = all_ids()
        first = reader.get("licenses", {"sort": sort, "limit": 3})
        for tier in ("aaa", "tier1", "zzz"):
            make_license(owner.organization, tier=tier)
        rest = walk(reader, sort=sort, limit=3, cursor=first.json["pagination"]["next_cursor"])
        found = ids(first) + rest
        assert len(set(found)) == len(found)
        assert set(before) <= set(found)

    def test_survive_the_removal_of_the_row_they_point_at(self, reader: Api) -> None:
        first = reader.get("licenses", {"limit": 3})
        License.objects.filter(pk=ids(first)[-1]).delete()
        rest = walk(reader, sort="-created_at", limit=3, cursor=first.json["pagination"]["next_cursor"])
        assert sorted(ids(first)[:-1] + rest) == all_ids()

    def test_have_twenty_rows_unless_asked(self, reader: Api, owner: Person) -> None:
        for _ in range(20):
            make_license(owner.organization)
        page = reader.get("licenses")
        assert (len(ids(page)), page.json["pagination"]["has_more"]) == (20, True)


class TestCursor:
    def test_is_refused_with_any_character_changed(self, reader: Api) -> None:
        cursor = first_cursor(reader)
        assert _read_cursor(cursor, "-created_at")
        for position in range(len(cursor)):
            for other in "AB-:":
                if cursor[position] != other:
                    with pytest.raises(InvalidQuery):
                        _read_cursor(changed(cursor, position, other), "-created_at")

    @pytest.mark.parametrize("place", [0.0, 0.3, 0.6, 0.7, 0.9, 0.999])
    def test_is_refused_with_a_400(self, reader: Api, place: float) -> None:
        cursor = first_cursor(reader)
        position = int(place * len(cursor))
        answer = reader.get("licenses", {"cursor": changed(cursor, position, "B" if cursor[position] == "A" else "A")})
        assert_problem(answer, 400, "invalid_request")
        assert answer.details["field"] == "cursor"

    @pytest.mark.parametrize("cut", [slice(1, None), slice(None, -1), slice(0, 10), slice(None, None, -1)])
    def test_is_refused_cut(self, reader: Api, cut: slice) -> None:
        assert_problem(reader.get("licenses", {"cursor": first_cursor(reader)[cut]}), 400, "invalid_request")

    def test_is_refused_made_up(self, reader: Api) -> None:
        for cursor in MADE_UP:
            assert_problem(reader.get("licenses", {"cursor": cursor}), 400, "invalid_request")

    def test_is_refused_signed_for_another_purpose(self, reader: Api) -> None:
        foreign = signing.dumps(["-created_at", "2026-01-09T10:30:00Z", "x"], salt="something else")
        assert_problem(reader.get("licenses", {"cursor": foreign}), 400, "invalid_request")

    @pytest.mark.parametrize("content", [[], ["-created_at"], "x", {"a": 1}, ["-created_at", "x", "y"]])
    def test_is_refused_in_the_form_of_another_version(self, reader: Api, content: object) -> None:
        old = signing.dumps(content, salt=CURSOR_SALT)
        assert_problem(reader.get("licenses", {"cursor": old}), 400, "invalid_request")

    @pytest.mark.parametrize(
        ("made", "used"), [("tier", "-tier"), ("created_at", "-created_at"), ("tier", "expiry_date")]
    )
    def test_is_refused_in_another_order(self, reader: Api, made: str, used: str) -> None:
        answer = reader.get("licenses", {"sort": used, "cursor": first_cursor(reader, made)})
        assert_problem(answer, 400, "invalid_request")
        assert answer.details["field"] == "cursor"

    def test_is_no_key_to_another_organization(self, reader: Api, outsider: Person) -> None:
        answer = reader.as_bearer(outsider.token).get("licenses", {"cursor": first_cursor(reader)})
        assert answer.status == 200
        assert {row["organization_id"] for row in answer.data} <= {str(outsider.organization.pk)}


class TestCursorLimit:
    def test_is_refused_out_of_range(self, reader: Api) -> None:
        for limit in BAD_LIMITS:
            answer = reader.get("licenses", {"limit": limit})
            assert_problem(answer, 400, "invalid_request")
            assert answer.details["field"] == "limit"

    def test_has_no_offset_beside_it(self, reader: Api) -> None:
        answer = reader.get("licenses", {"offset": "1"})
        assert_problem(answer, 400, "invalid_request")
        assert answer.details["field"] == "offset"
