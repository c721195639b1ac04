"""Licenses from a file: all or none, and every fault told by its line."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.utils import timezone

from accounts.models import Organization, User
from accounts.services.organizations import close_organization
from coditect.journal.models import Event
from licenses import keys
from licenses.models import License, LicenseKey, SeatChange
from licenses.services.imports.create import Import, import_licenses
from licenses.services.imports.errors import ERRORS_TOLD, ImportInvalid
from licenses.services.imports.rows import MOST_ROWS, decode_file
from licenses.services.rotate_key import rotate_key
from licenses.services.verify import find_oversold
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import Person, log_in, make_api_token, make_license, make_organization, make_user

HEADER = "organization,key,tier,seats,expires_at,features\n"
OWN = "DEV-2026-0123-4567-89AB-CDEF-GHJK-MNPQ-RSCA"
Fault = tuple[int, str, str]


@pytest.fixture
def acme(db: None) -> Organization:
    """A customer that has no licenses beside its free one."""
    return make_organization()


@pytest.fixture
def line(acme: Organization) -> Callable[..., str]:
    """Writes a line that is good but for what is given."""

    def write(**given: str) -> str:
        values = {"organization": acme.slug, "key": "", "tier": "pro", "seats": "5", "expires_at": "", "features": ""}
        return ",".join((values | given).values()) + "\n"

    return write


def load(text: str, *, is_dry_run: bool = False) -> Import:
    """Import a file."""
    return import_licenses(text=text, now=timezone.now(), is_dry_run=is_dry_run)


def faults(text: str) -> list[Fault]:
    """What is wrong with a file, with line, field and code; a dry run tells the same, and nothing is imported."""
    before = License.objects.count()
    told = []
    for is_dry_run in (True, False):
        with pytest.raises(ImportInvalid) as refused:
            load(text, is_dry_run=is_dry_run)
        told.append(refused.value.details)
    assert told[0] == told[1]
    assert License.objects.count() == before
    assert all(error["message"].endswith(".") for error in told[0]["errors"])
    return [(error["line"], error["field"], error["code"]) for error in told[0]["errors"]]


class TestImport:
    def test_issues_a_license_for_each_line(self, acme: Organization, line: Callable[..., str]) -> None:
        other = make_organization("Other Inc")
        text = HEADER + line(key="Old-1", seats="7", expires_at="2099-01-31", features="sso; offline;sso")
        imported = load(text + line(organization=str(other.pk), tier="enterprise"))
        first, second = (each.license for each in imported.licenses)
        first.refresh_from_db()
        second.refresh_from_db()
        assert (first.organization, first.key_string, first.key_normalized) == (acme, "Old-1", "01D1")
        assert (first.max_seats, first.features) == (7, ["sso", "offline"])
        assert first.expires_at == datetime(2099, 1, 31, tzinfo=UTC)
        assert (second.organization, second.tier, second.expires_at, second.features) == (other, "enterprise", None, [])
        assert second.key_string.startswith("DEV-")
        assert not keys.is_malformed(second.key_normalized)
        assert [each.line for each in imported.licenses] == [2, 3]

    def test_leaves_the_record_that_every_issue_leaves(self, line: Callable[..., str]) -> None:
        license = load(HEADER + line(seats="9")).licenses[0].license
        event = Event.objects.get(type="license.created", subject_id=license.pk)
        assert (event.data["license_id"], event.data["tier"], event.data["max_seats"]) == (str(license.pk), "pro", 9)
        assert event.organization_id == license.organization_id
        assert SeatChange.objects.get(license=license).seats == 9
        assert LicenseKey.objects.get(pk=license.key_normalized).license_id == license.pk
        assert find_oversold() == []

    def test_in_a_dry_run_issues_nothing(self, line: Callable[..., str]) -> None:
        before = License.objects.count(), Event.objects.count()
        assert load(HEADER + line() + line(key="OLD-1"), is_dry_run=True) == Import(count=2)
        assert (License.objects.count(), Event.objects.count()) == before

    @pytest.mark.parametrize(
        ("written", "meant"),
        [
            ("2099-01-31", datetime(2099, 1, 31, tzinfo=UTC)),
            ("2099-01-31T12:30:00Z", datetime(2099, 1, 31, 12, 30, tzinfo=UTC)),
            ("2099-01-31 12:30+02:00", datetime(2099, 1, 31, 10, 30, tzinfo=UTC)),
            ("2099-01-31T12:30:00.5Z", datetime(2099, 1, 31, 12, 30, 0, 500_000, tzinfo=UTC)),
            ("9999-12-31T23:59:59Z", None),
            ("", None),
        ],
        ids=["day", "time", "zone", "fraction", "perpetual", "empty"],
    )
    def test_reads_times(self, line: Callable[..., str], written: str, meant: datetime | None) -> None:
        assert load(HEADER + line(expires_at=written)).licenses[0].license.expires_at == meant


class TestSpreadsheets:
    """What they write is understood."""

    @pytest.mark.parametrize(
        "change",
        [
            lambda text: "\ufeff" + text,
            lambda text: text.replace("\n", "\r\n"),
            lambda text: text.replace("\n", "\r"),
            lambda text: text.replace("\n", "\n\n,,,,,\n"),
            lambda text: text.rstrip("\n"),
            lambda text: text.replace("organization", " Organization ").replace(",pro,", ", pro ,"),
            lambda text: "\n".join(",".join(f'"{value}"' for value in row.split(",")) for row in text.split("\n")),
        ],
        ids=["byte-order-mark", "crlf", "cr", "blank-lines", "no-last-line-end", "blanks", "quotes"],
    )
    def test_are_understood(self, line: Callable[..., str], change: Callable[[str], str]) -> None:
        license = load(change(HEADER + line(key="OLD-1"))).licenses[0].license
        assert (license.key_string, license.tier, license.max_seats) == ("OLD-1", "pro", 5)

    def test_may_leave_columns_out_and_order_them(self, acme: Organization) -> None:
        (imported,) = load(f"Seats,TIER,organization\n3,pro,{acme.slug}\n").licenses
        assert (imported.line, imported.license.max_seats) == (2, 3)

    def test_are_told_the_line_on_which_a_row_begins(self, acme: Organization) -> None:
        text = f'organization,tier,seats\n\n{acme.slug},"pro\nplus",5\n{acme.slug},pro,0\n'
        assert faults(text) == [(3, "tier", "not_printable"), (5, "seats", "invalid")]


class TestFault:
    @pytest.mark.parametrize(
        ("given", "field", "code"),
        [
            ({"organization": ""}, "organization", "required"),
            ({"organization": "nobody-00000000"}, "organization", "organization_not_found"),
            ({"organization": "6f9619ff-8b86-4011-b42d-00cf4fc964ff"}, "organization", "organization_not_found"),
            ({"tier": ""}, "tier", "required"),
            ({"tier": "x" * 33}, "tier", "too_long"),
            ({"tier": "p\u200bro"}, "tier", "not_printable"),
            ({"tier": "p\0ro"}, "tier", "not_printable"),
            ({"seats": ""}, "seats", "required"),
            *(({"seats": seats}, "seats", "invalid") for seats in ("0", "-1", "2.5", "1e3", "many", "100001", "٣")),
            ({"key": "-- --"}, "key", "invalid"),
            ({"key": "x" * 101}, "key", "too_long"),
            ({"key": "ß" * 60}, "key", "too_long"),
            ({"key": OWN[:-1] + "0"}, "key", "malformed_key"),
            ({"expires_at": "2020-01-01"}, "expires_at", "in_the_past"),
            *(
                ({"expires_at": text}, "expires_at", "invalid")
                for text in ("soon", "31.01.2099", "2099-02-30", "2099-01-31T12:00:00", "20990131", "2099-W05")
            ),
            ({"expires_at": "9999-12-31T23:59:59-14:00"}, "expires_at", "invalid"),
            ({"features": ";".join(f"f{number}" for number in range(101))}, "features", "too_long"),
            ({"features": "x" * 65}, "features", "too_long"),
        ],
    )
    def test_is_told_with_its_line_and_field(
        self, line: Callable[..., str], given: dict[str, str], field: str, code: str
    ) -> None:
        assert faults(HEADER + line() + line(**given) + line()) == [(3, field, code)]

    def test_leaves_no_other_untold(self, line: Callable[..., str]) -> None:
        text = HEADER + line(seats="0", tier="") + line() + line(organization="x", key=OWN[:-1] + "0") + "a,b\n"
        assert faults(text) == [
            (2, "tier", "required"),
            (2, "seats", "invalid"),
            (4, "key", "malformed_key"),
            (4, "organization", "organization_not_found"),
            (5, "", "wrong_number_of_values"),
        ]

    def test_is_a_key_that_is_or_was_a_licenses(self, line: Callable[..., str], owner: Person) -> None:
        former = make_license(owner.organization, key="FORMER 1")
        rotate_key(license_id=former.pk, now=timezone.now(), grace_days=0)
        present = make_license(owner.organization, key="PRESENT-1")
        text = HEADER + line(key="former-1") + line(key=present.key_string) + line(key="NEW-1")
        assert faults(text) == [(2, "key", "key_taken"), (3, "key", "key_taken")]

    def test_is_a_key_that_comes_twice(self, line: Callable[..., str]) -> None:
        text = HEADER + line(key="OLD-1") + line() + line(key="old l") + line()
        assert faults(text) == [(4, "key", "key_repeated")]
        with pytest.raises(ImportInvalid) as refused:
            load(text)
        assert refused.value.details["errors"][0]["message"] == "Line 2 has this key already."

    def test_is_an_organization_that_was_deleted(self, acme: Organization, line: Callable[..., str]) -> None:
        close_organization(organization_id=acme.pk, now=timezone.now())
        assert faults(HEADER + line()) == [(2, "organization", "organization_not_found")]

    def test_is_counted_where_there_are_too_many_to_tell(self, line: Callable[..., str]) -> None:
        with pytest.raises(ImportInvalid) as refused:
            load(HEADER + line(seats="0") * (ERRORS_TOLD + 5))
        assert len(refused.value.details["errors"]) == ERRORS_TOLD
        assert refused.value.details["error_count"] == ERRORS_TOLD + 5


@pytest.mark.django_db
class TestFaultOfTheFile:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("\n\n", [(1, "", "empty")]),
            (HEADER, [(1, "", "empty")]),
            ("organization;tier;seats\na;b;1\n", [(1, "", "wrong_delimiter")]),
            ("organization\ttier\tseats\n", [(1, "", "wrong_delimiter")]),
            ("organization,tier,seats,colour\n", [(1, "colour", "unknown_column")]),
            ("organization,tier\n", [(1, "seats", "missing_column")]),
            ("\norganization,tier,seats,tier\n", [(2, "tier", "repeated_column")]),
            ("organization,tier,seats,\n", [(1, "", "unknown_column")]),
            ('organization,tier,seats\n"a,b,1\n', [(2, "", "malformed_csv")]),
            ('organization,tier,seats\n"a"x,b,1\n', [(2, "", "malformed_csv")]),
            ('"organization\n', [(1, "", "malformed_csv")]),
            ("organization,tier,seats\na,b\n", [(2, "", "wrong_number_of_values")]),
            ("organization,tier,seats\n" + "a" * 200_000 + ",b,1\n", [(2, "", "malformed_csv")]),
        ],
        ids=[
            *("blank", "header-alone", "semicolons", "tabs", "unknown-column", "missing-column", "repeated-column"),
            *("nameless-column", "open-quote", "text-behind-quote", "open-quote-in-header", "short-line", "endless"),
        ],
    )
    def test_is_told(self, text: str, expected: list[Fault]) -> None:
        assert faults(text) == expected

    def test_is_too_many_lines(self) -> None:
        assert faults("organization,tier,seats\n" + "a,b,1\n" * (MOST_ROWS + 1)) == [
            (MOST_ROWS + 2, "", "too_many_lines")
        ]

    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            ("organization\nMüller".encode("latin-1"), (2, "", "not_utf8")),
            ("organization".encode("utf-16"), (1, "", "not_utf8")),
            (b"x" * (1024 * 1024 + 1), (1, "", "too_large")),
        ],
        ids=["latin-1", "utf-16", "too-large"],
    )
    def test_is_bytes_that_are_no_text(self, content: bytes, expected: Fault) -> None:
        with pytest.raises(ImportInvalid) as refused:
            decode_file(content)
        (error,) = refused.value.details["errors"]
        assert (error["line"], error["field"], error["code"]) == expected


class TestImportEndpoint:
    @pytest.fixture
    def staff(self, db: None) -> User:
        return make_user("staff@example.com", is_staff=True)

    def send(self, api: Api, user: User, text: str, **more: Any) -> Answer:
        """Import by the API."""
        return api.as_bearer(log_in(user)).post("import", {"csv": text, **more})

    def test_answers_each_license_with_its_key(self, api: Api, staff: User, line: Callable[..., str]) -> None:
        answer = self.send(api, staff, HEADER + line(features="sso") + line(key="OLD-1"))
        assert (answer.status, answer.data["dry_run"], answer.data["count"]) == (201, False, 2)
        new, old = answer.data["licenses"]
        license = License.objects.get(pk=UUID(new["id"]))
        assert (new["line"], new["key_string"], new["features"]) == (2, license.key_string, ["sso"])
        assert (old["line"], old["key_string"], old["expiry_date"]) == (3, "OLD-1", "9999-12-31T23:59:59Z")
        actors = Event.objects.filter(type="license.created").order_by("-at").values_list("actor_id", flat=True)
        assert list(actors[:2]) == [staff.pk, staff.pk]

    def test_of_a_dry_run_creates_nothing(self, api: Api, staff: User, line: Callable[..., str]) -> None:
        answer = self.send(api, staff, HEADER + line(), dry_run=True)
        assert (answer.status, answer.data) == (200, {"dry_run": True, "count": 1, "licenses": []})

    def test_tells_faults_line_by_line(self, api: Api, staff: User, line: Callable[..., str]) -> None:
        answer = self.send(api, staff, HEADER + line(seats="0"))
        assert_problem(answer, 422 if api.dialect == "enveloped" else 400, "import_invalid")
        (error,) = answer.details["errors"]
        assert (error["line"], error["field"], error["code"]) == (2, "seats", "invalid")
        assert answer.details["error_count"] == 1

    def test_is_for_staff(self, api: Api, owner: Person, outsider: Person, line: Callable[..., str]) -> None:
        before = License.objects.count()
        for person in (owner, outsider):
            assert_problem(self.send(api, person.membership.user, HEADER + line()), 403, "permission_denied")
        User.objects.filter(pk=owner.user_id).update(is_staff=True)
        token = api.as_bearer(make_api_token(owner))
        assert_problem(token.post("import", {"csv": HEADER + line()}), 403, "insufficient_scope")
        assert License.objects.count() == before

    def test_takes_json_alone(self, api: Api, staff: User, line: Callable[..., str]) -> None:
        url, caller = api.url("import"), api.as_bearer(log_in(staff))
        raw = (HEADER + line()).encode()
        assert_problem(caller.send("POST", url, raw=raw, content_type="text/csv"), 415, "unsupported_media_type")


class TestCommand:
    def run(self, file: Path, *options: str) -> tuple[str, str]:
        """What it prints, and what it complains of."""
        out, err = StringIO(), StringIO()
        call_command("import_licenses", str(file), *options, stdout=out, stderr=err)
        return out.getvalue(), err.getvalue()

    def test_prints_each_license(self, tmp_path: Path, line: Callable[..., str]) -> None:
        file = tmp_path / "licenses.csv"
        file.write_text(HEADER + line() + line(key="OLD-1"), encoding="utf-8-sig")
        assert self.run(file, "--dry-run") == ("", "The file is good. A dry run imports nothing; it would be 2.\n")
        out, err = self.run(file)
        license = License.objects.get(key_string="OLD-1")
        assert out.splitlines()[1] == f"3\t{license.pk}\tOLD-1"
        assert err == "Licenses imported: 2.\n"

    def test_tells_every_fault_and_fails(self, tmp_path: Path, line: Callable[..., str]) -> None:
        file, err = tmp_path / "licenses.csv", StringIO()
        file.write_text(HEADER + line(seats="0") + "a,b\n", encoding="utf-8")
        with pytest.raises(CommandError, match=r"Nothing was imported: 2 errors\."):
            call_command("import_licenses", str(file), stderr=err)
        assert [text.partition(": ")[0] for text in err.getvalue().splitlines()] == ["line 2, seats", "line 3"]

    def test_says_where_there_is_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="No such file"):
            call_command("import_licenses", str(tmp_path / "nothing.csv"))


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_of_two_imports_of_the_same_keys_let_one_win(self) -> None:
        slug = make_organization().slug
        before = License.objects.count()
        rows = [f"{slug},OLD-{number},pro,5,,\n" for number in range(40)]
        results: list[Import | ImportInvalid] = []
        start = threading.Barrier(2)

        def run(text: str) -> None:
            start.wait()
            try:
                results.append(load(text))
            except ImportInvalid as refused:
                results.append(refused)
            finally:
                connections.close_all()

        files = [HEADER + "".join(rows), HEADER + "".join(reversed(rows))]
        threads = [threading.Thread(target=run, args=[text]) for text in files]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (won,) = [result for result in results if isinstance(result, Import)]
        (lost,) = [result for result in results if isinstance(result, ImportInvalid)]
        assert won.count == lost.details["error_count"] == 40
        assert {error["code"] for error in lost.details["errors"]} == {"key_taken"}
        assert License.objects.count() == before + 40

    def test_of_an_import_and_a_deletion_leave_no_usable_license(self) -> None:
        organization = make_organization()
        outcome: list[Import | ImportInvalid] = []

        def run() -> None:
            try:
                outcome.append(load(HEADER + f"{organization.slug},,pro,5,,\n"))
            except ImportInvalid as refused:
                outcome.append(refused)
            finally:
                connections.close_all()

        thread = threading.Thread(target=run)
        with transaction.atomic():
            close_organization(organization_id=organization.pk, now=timezone.now())
            thread.start()
            while thread.is_alive() and not somebody_waits():
                thread.join(0.01)
        thread.join()
        (refused,) = outcome
        assert isinstance(refused, ImportInvalid)
        assert [error["code"] for error in refused.details["errors"]] == ["organization_not_found"]
        assert not License.objects.usable(at=timezone.now()).filter(organization=organization).exists()


def somebody_waits() -> bool:
    """Whether somebody waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks AS waiting WHERE NOT granted AND EXISTS (SELECT 1 FROM pg_locks AS held"
            " JOIN pg_database ON oid = database WHERE held.pid = waiting.pid AND datname = current_database())"
        )
        (waiting,) = cursor.fetchone()
    return bool(waiting)
