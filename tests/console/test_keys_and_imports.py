"""Staff rotates keys, finds licenses by keys they had, and imports licenses from files."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from coditect.journal.models import Event
from licenses.models import License, LicenseKey
from licenses.services.rotate_key import rotate_key
from tests.factories import Person

LIST, IMPORT = "admin:licenses_license_changelist", "admin:licenses_license_import_file"


def rotate(client: Client, license: License, **fields: str) -> Any:
    """Choose the action for a license; with fields, fill in its page and confirm."""
    form = {"action": "rotate_keys", "_selected_action": [str(license.pk)], **fields}
    return client.post(reverse(LIST), form)


def upload(client: Client, content: str | bytes, **fields: str) -> Any:
    """Send a file."""
    raw = content if isinstance(content, bytes) else content.encode()
    return client.post(reverse(IMPORT), {"file": SimpleUploadedFile("licenses.csv", raw), **fields})


class TestRotateKeys:
    def test_asks_first(self, administrator: Client, license: License) -> None:
        page = rotate(administrator, license).content.decode()
        assert 'name="grace_days"' in page
        assert not Event.objects.filter(type="license.key_rotated").exists()

    def test_gives_a_new_key_and_says_why_in_the_journal(self, administrator: Client, license: License) -> None:
        response = rotate(administrator, license, confirmed="yes", grace_days="0", reason="leaked")
        assert response.status_code == 302
        page = administrator.get(reverse(LIST)).content.decode()
        assert "1 rotated." in page
        new = License.objects.get(pk=license.pk)
        assert new.key_string in page
        assert license.key_string not in page
        event = Event.objects.get(type="license.key_rotated")
        assert (event.data["reason"], event.actor_id is None) == ("leaked", False)
        former = LicenseKey.objects.get(pk=license.key_normalized)
        assert not former.still_works(at=timezone.now())

    @pytest.mark.parametrize("days", ["", "-1", "31", "many"])
    def test_asks_again_where_the_grace_is_none(self, administrator: Client, license: License, days: str) -> None:
        assert rotate(administrator, license, confirmed="yes", grace_days=days).status_code == 200
        assert not Event.objects.filter(type="license.key_rotated").exists()

    def test_leaves_the_license_to_be_found_by_its_old_key(self, administrator: Client, license: License) -> None:
        for _ in range(2):
            new = rotate_key(license_id=license.pk, now=timezone.now()).license
        for term in (license.key_string.lower(), new.key_string.replace("-", " "), new.key_string):
            page = administrator.get(reverse(LIST), {"q": term})
            assert [row.pk for row in page.context["cl"].result_list] == [license.pk]


class TestImportPage:
    @pytest.fixture
    def file(self, owner: Person) -> str:
        return f"organization,key,tier,seats\n{owner.organization.slug},OLD-1,pro,5\n"

    def test_is_reached_from_the_list(self, administrator: Client) -> None:
        assert reverse(IMPORT) in administrator.get(reverse(LIST)).content.decode()
        page = administrator.get(reverse(IMPORT)).content.decode()
        assert 'type="file"' in page
        assert "organization, tier, seats, key, expires_at, features" in page

    def test_imports_a_file(self, administrator: Client, file: str) -> None:
        response = upload(administrator, file)
        assert (response.status_code, response.headers["Location"]) == (302, reverse(LIST))
        assert "Licenses imported: 1." in administrator.get(reverse(LIST)).content.decode()
        license = License.objects.get(key_string="OLD-1")
        assert Event.objects.get(type="license.created", subject_id=license.pk).actor_id is not None

    def test_tries_a_file(self, administrator: Client, file: str) -> None:
        response = upload(administrator, file, dry_run="on")
        assert (response.status_code, response.headers["Location"]) == (302, reverse(IMPORT))
        assert "A dry run imports nothing; it would be 1." in administrator.get(reverse(IMPORT)).content.decode()
        assert not License.objects.filter(key_string="OLD-1").exists()

    @pytest.mark.parametrize("fields", [{}, {"dry_run": "on"}])
    def test_tells_every_fault_by_its_line(self, administrator: Client, file: str, fields: dict[str, str]) -> None:
        response = upload(administrator, file + "nobody,<b>,,0\n", **fields)
        page = response.content.decode()
        assert response.status_code == 200
        assert "the file has 3 errors." in page
        assert page.count("<td>3</td>") == 3
        assert "There is no such organization." in page
        assert not License.objects.filter(key_string="OLD-1").exists()

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"\xff\xfeo\x00", "This is not UTF-8."),
            (b"x" * (1024 * 1024 + 1), "The file is larger than 1 MiB."),
            (b"<i>,tier,seats\n", "There is no such column"),
            (b"", "The submitted file is empty."),
        ],
        ids=["encoding", "size", "column", "nothing"],
    )
    def test_says_what_is_wrong_with_the_file(self, administrator: Client, content: bytes, said: str) -> None:
        page = upload(administrator, content).content.decode()
        assert said in page
        assert "<i>" not in page.partition('class="w-full text-left"')[2].partition("</table>")[0]

    def test_is_for_those_who_may_issue(self, clerk: Client, owner: Person, file: str) -> None:
        assert clerk.get(reverse(IMPORT)).status_code == 403
        assert upload(clerk, file).status_code == 403
        assert upload(Client(), file).status_code == 302
        assert not License.objects.filter(key_string="OLD-1").exists()

    def test_needs_a_csrf_token(self, administrator: Client, file: str) -> None:
        strict = Client(enforce_csrf_checks=True)
        strict.cookies = administrator.cookies
        assert upload(strict, file).status_code == 403
