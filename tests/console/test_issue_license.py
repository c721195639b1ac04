"""An administrator issues a license."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from accounts.models import Organization
from coditect.journal.models import Event
from licenses import keys
from licenses.models import License, SeatChange
from tests.factories import make_license, make_organization

ADD = "admin:licenses_license_add"


@pytest.fixture
def organization(db: None) -> Organization:
    """A customer without licenses."""
    organization = make_organization()
    License.objects.all().delete()
    return organization


def issue(client: Client, customer: Organization, **fields: str) -> Any:
    """Send the form."""
    form = {"organization": str(customer.pk), "tier": "pro", "max_seats": "5", "key": ""}
    return client.post(reverse(ADD), form | fields)


def messages_of(client: Client) -> str:
    """The page that the administrator sees next."""
    return client.get(reverse("admin:licenses_license_changelist")).content.decode()


class TestIssueLicense:
    def test_begins_with_a_form(self, administrator: Client) -> None:
        fields = administrator.get(reverse(ADD)).context["adminform"].form.fields
        assert set(fields) == {"organization", "tier", "max_seats", "expires_at", "key"}

    def test_makes_a_new_key(self, administrator: Client, organization: Organization) -> None:
        assert issue(administrator, organization).status_code == 302
        license = License.objects.get()
        assert (license.organization, license.tier, license.max_seats) == (organization, "pro", 5)
        assert license.key_string.startswith("DEV-")
        assert not keys.is_malformed(license.key_normalized)
        assert license.key_string in messages_of(administrator)

    def test_goes_through_the_service(self, administrator: Client, organization: Organization) -> None:
        issue(administrator, organization)
        license = License.objects.get()
        assert Event.objects.filter(type="license.created", subject_id=license.pk).count() == 1
        assert SeatChange.objects.get(license=license).seats == 5

    def test_imports_an_existing_key(self, administrator: Client, organization: Organization) -> None:
        issue(administrator, organization, key=" PROD-2025-ABCD-1234 ")
        assert License.objects.get().key_string == "PROD-2025-ABCD-1234"

    def test_takes_an_expiry(self, administrator: Client, organization: Organization) -> None:
        issue(administrator, organization, expires_at_0="2099-01-01", expires_at_1="00:00:00")
        expires_at = License.objects.get().expires_at
        assert expires_at is not None
        assert expires_at.isoformat() == "2099-01-01T00:00:00+00:00"

    def test_leaves_an_entry_in_the_history(self, administrator: Client, organization: Organization) -> None:
        issue(administrator, organization)
        assert LogEntry.objects.get().object_id == str(License.objects.get().pk)


class TestRefusedIssue:
    @pytest.mark.parametrize("key", ["PROD-2025-ABCD-1234", "prod 2025 abcd i234", "PR0D-2O25-ABCD-1234"])
    def test_names_a_key_in_use(self, administrator: Client, organization: Organization, key: str) -> None:
        make_license(organization, key="PROD-2025-ABCD-1234")
        response = issue(administrator, organization, key=key)
        assert response.status_code == 200
        assert "This key is already in use." in response.content.decode()
        assert License.objects.count() == 1

    def test_names_a_mistyped_key(self, administrator: Client, organization: Organization) -> None:
        good = keys.generate(environment="development", year=2026)
        mistyped = good[:-1] + ("0" if good[-1] != "0" else "1")
        response = issue(administrator, organization, key=mistyped)
        assert "check characters do not fit" in response.content.decode()
        assert not License.objects.exists()

    @pytest.mark.parametrize(
        "fields",
        [
            {"max_seats": ""},
            {"max_seats": "-1"},
            {"max_seats": "many"},
            {"tier": ""},
            {"organization": ""},
            {"organization": "6f9619ff-8b86-4011-b42d-00cf4fc964ff"},
            {"expires_at_0": "soon", "expires_at_1": ""},
            {"tier": "x" * 33},
            {"max_seats": "99999999999"},
            {"key": "-" * 8},
            {"key": "x" * 101},
            {"expires_at_0": "2020-01-01", "expires_at_1": "00:00:00"},
        ],
    )
    def test_shows_the_form_again(
        self, administrator: Client, organization: Organization, fields: dict[str, str]
    ) -> None:
        response = issue(administrator, organization, **fields)
        assert (response.status_code, License.objects.count(), LogEntry.objects.count()) == (200, 0, 0)
        assert response.context["errors"]
