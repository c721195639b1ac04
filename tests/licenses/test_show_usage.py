"""GET licenses/{id}/usage, and the same as CSV."""

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO
from uuid import uuid4

import pytest

from accounts.models import Role
from coditect.journal.models import Event
from licenses.models import License
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import Person, make_api_token, make_person
from tests.licenses.usage import denial, hold

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MARCH = {"from": "2026-03-31", "to": "2026-04-01T00:00:00Z"}


@pytest.fixture
def used(owner: Person, license: License) -> License:
    """A license that two machines used around a noon, while a third was refused."""
    hold(license, owner.membership, since=NOON - HOUR, until=NOON + HOUR, machine="desktop")
    hold(license, owner.membership, since=NOON, until=NOON + HOUR, machine="laptop")
    Event.objects.bulk_create([denial(license, at=NOON)])
    return license


def show(api: Api, person: Person, license: License, **query: str) -> Answer:
    """Ask for usage."""
    return api.as_bearer(person.token).get("usage", query or MARCH, license_id=license.pk)


def export(api: Api, person: Person, license: License, **query: str) -> Answer:
    """Ask for the file."""
    return api.as_bearer(person.token).get("export-usage", query or MARCH, license_id=license.pk)


def rows_of(answer: Answer) -> list[dict[str, str]]:
    """The lines of the file, by column."""
    return list(csv.DictReader(StringIO(answer.content.decode())))


class TestShowUsage:
    def test_tells_what_happened(self, api: Api, owner: Person, used: License) -> None:
        answer = show(api, owner, used)
        day = {"peak": 2, "average": 0.125, "seat_seconds": 10800, "denials": 1, "users": 1, "machines": 2}
        bounds = {"start": "2026-03-31T00:00:00Z", "end": "2026-04-01T00:00:00Z"}
        assert (answer.status, answer.data) == (
            200,
            {
                "license_id": str(used.pk),
                "from": bounds["start"],
                "to": bounds["end"],
                "granularity": "day",
                "total": day,
                "buckets": [{**bounds, **day}],
            },
        )

    def test_tells_it_by_the_hour(self, api: Api, owner: Person, used: License) -> None:
        buckets = show(api, owner, used, **MARCH, granularity="hour").data["buckets"]
        found = {bucket["start"][11:13]: (bucket["peak"], bucket["average"], bucket["machines"]) for bucket in buckets}
        assert (len(found), found["10"], found["11"], found["12"], found["13"]) == (
            24,
            (0, 0, 0),
            (1, 1, 1),
            (2, 2, 2),
            (0, 0, 0),
        )

    def test_cuts_off_where_the_range_begins_and_ends(self, api: Api, owner: Person, used: License) -> None:
        asked = {"from": "2026-03-31T11:30:00Z", "to": "2026-03-31T12:10:00+00:00", "granularity": "week"}
        (bucket,) = show(api, owner, used, **asked).data["buckets"]
        assert (bucket["start"], bucket["end"]) == ("2026-03-31T11:30:00Z", "2026-03-31T12:10:00Z")
        assert (bucket["seat_seconds"], bucket["average"]) == (3000, 1.25)

    def test_gives_averages_to_six_decimals(self, api: Api, owner: Person, used: License) -> None:
        asked = {"from": "2026-03-31T10:00:00Z", "to": "2026-03-31T17:00:00Z"}
        assert show(api, owner, used, **asked).data["total"]["average"] == 0.428571

    def test_tells_of_the_last_thirty_days_unless_asked_otherwise(
        self, api: Api, owner: Person, license: License
    ) -> None:
        usage = api.as_bearer(owner.token).get("usage", license_id=license.pk).data
        today = datetime.now(tz=UTC).date()
        assert (len(usage["buckets"]), usage["granularity"]) == (30, "day")
        assert usage["from"] == f"{today - timedelta(days=29)}T00:00:00Z"
        assert usage["to"][:10] == str(today)

    def test_leaves_the_future_out(self, api: Api, owner: Person, license: License) -> None:
        before = datetime.now(tz=UTC)
        ends = show(api, owner, license, to="2199-01-01", granularity="hour").data["to"]
        assert before - HOUR < datetime.fromisoformat(ends) < before + HOUR

    @pytest.mark.parametrize(
        ("query", "field", "status"),
        [
            ({"from": "yesterday"}, "from", 400),
            ({"to": ""}, "to", 400),
            ({"granularity": "year"}, "granularity", 400),
            ({"since": "2026-01-01"}, "since", 400),
            ({"from": "2026-02-01", "to": "2026-02-01"}, "from", 422),
            ({"from": "2026-02-02", "to": "2026-02-01"}, "from", 422),
            ({"from": "2199-01-01"}, "from", 422),
            ({"to": "0001-01-01"}, "to", 422),
            ({"from": "2025-01-01", "to": "2025-03-01", "granularity": "hour"}, "granularity", 422),
            ({"from": "0001-01-01", "granularity": "month"}, "granularity", 422),
        ],
    )
    def test_refuses_a_range_that_makes_no_sense(
        self, api: Api, owner: Person, license: License, query: dict[str, str], field: str, status: int
    ) -> None:
        for answer in (show(api, owner, license, **query), export(api, owner, license, **query)):
            assert answer.status == (400 if api.dialect == "flat" else status)
            assert field in answer.errors

    def test_counts_a_thousand_buckets_and_no_more(self, api: Api, owner: Person, license: License) -> None:
        first, hours = datetime(2026, 1, 1, tzinfo=UTC), {"granularity": "hour", "from": "2026-01-01"}
        full = show(api, owner, license, **hours, to=(first + 1000 * HOUR).isoformat())
        assert (full.status, len(full.data["buckets"])) == (200, 1000)
        assert show(api, owner, license, **hours, to=(first + 1001 * HOUR).isoformat()).status in {400, 422}

    def test_is_not_for_members(self, api: Api, owner: Person, license: License) -> None:
        member = make_person(Role.MEMBER, organization=owner.organization)
        for ask in (show, export):
            assert_problem(ask(api, member, license), 403, "permission_denied")

    def test_hides_another_organizations_license(
        self, api: Api, owner: Person, outsider: Person, used: License
    ) -> None:
        for name in ("usage", "export-usage"):
            foreign = api.as_bearer(outsider.token).get(name, license_id=used.pk)
            unknown = api.as_bearer(outsider.token).get(name, license_id=uuid4())
            assert_problem(foreign, 404, "license_not_found")
            assert (foreign.message, foreign.details) == (unknown.message, unknown.details)

    def test_tells_a_new_organization_nothing_of_what_was_before(
        self, api: Api, outsider: Person, used: License
    ) -> None:
        License.objects.filter(pk=used.pk).update(
            organization=outsider.organization, transferred_at=NOON + timedelta(minutes=30)
        )
        found = show(api, outsider, used).data["total"]
        assert (found["seat_seconds"], found["denials"], found["machines"]) == (3600, 0, 2)

    def test_takes_an_api_token_that_reads_licenses(self, api: Api, owner: Person, license: License) -> None:
        reader, other = make_api_token(owner, "read:licenses"), make_api_token(owner, "read:org")
        assert api.as_bearer(reader).get("usage", license_id=license.pk).status == 200
        assert_problem(api.as_bearer(other).get("usage", license_id=license.pk), 403, "insufficient_scope")


class TestExportUsage:
    def test_is_a_file_of_lines(self, api: Api, owner: Person, used: License) -> None:
        answer = export(api, owner, used, **MARCH, granularity="hour")
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
        assert answer.headers["Content-Disposition"] == f'attachment; filename="usage-{used.pk}.csv"'
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        rows = rows_of(answer)
        assert len(rows) == 24
        assert rows[12] == {
            "license_id": str(used.pk),
            "organization": owner.organization.name,
            "tier": used.tier,
            "start": "2026-03-31T12:00:00Z",
            "end": "2026-03-31T13:00:00Z",
            "peak": "2",
            "average": "2.0",
            "seat_seconds": "7200",
            "denials": "1",
            "users": "1",
            "machines": "2",
        }

    def test_is_the_same_bytes_in_both_dialects(self, owner: Person, used: License) -> None:
        flat, enveloped = (export(Api(name), owner, used).content for name in ("flat", "enveloped"))
        assert flat == enveloped

    def test_ignores_what_the_client_would_accept(self, api: Api, owner: Person, used: License) -> None:
        picky = api.with_headers(accept="application/json")
        assert export(picky, owner, used).headers["Content-Type"] == "text/csv; charset=utf-8"

    def test_holds_no_formula(self, api: Api, owner: Person, used: License) -> None:
        License.objects.filter(pk=used.pk).update(tier='=HYPERLINK("https://x.example")')
        owner.organization.name = "@SUM(1+1)*cmd|' /C calc'!A0"
        owner.organization.save()
        (row,) = rows_of(export(api, owner, used))
        assert (row["tier"][:2], row["organization"][:2]) == ("'=", "'@")
