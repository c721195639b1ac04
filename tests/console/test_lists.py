"""What the console lists and finds."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.models import LoginSession
from licenses.models import License, SeatSession
from tests.dialects import Api
from tests.factories import PASSWORD, Person, make_license, make_person, make_user

LISTS = {
    "accounts_user": "email",
    "accounts_organization": "name",
    "accounts_membership": "role",
    "accounts_loginsession": "user",
    "accounts_apitoken": "name",
    "accounts_totpdevice": "user",
    "journal_event": "type",
    "journal_mail": "to",
    "licenses_batch": "operation",
    "licenses_license": "key_string",
    "licenses_seatsession": "hardware_id",
    "licenses_signingkey": "kid",
    "subscriptions_checkout": "status",
    "subscriptions_intent": "kind",
    "subscriptions_invoice": "number",
    "subscriptions_plan": "name",
    "subscriptions_price": "id",
    "subscriptions_subscription": "status",
    "webhooks_delivery": "event_type",
    "webhooks_endpoint": "status",
    "webhooks_stripeevent": "type",
}


@pytest.fixture
def customer(db: None) -> Person:
    """A customer with a license of a known key, and a seat taken on machine-1."""
    person = make_person()
    person.organization.name = "Analytical Engines"
    person.organization.save()
    license = make_license(person.organization, key="PROD-2025-ABCD-1234")
    body = {"license_key": license.key_string, "hardware_id": "machine-1"}
    assert Api("flat", person.token).post("acquire", body).status == 201
    return person


def shown(client: Client, name: str, search: str = "") -> int:
    """How many rows a list shows."""
    response = client.get(reverse(f"admin:{name}_changelist"), {"q": search} if search else {})
    assert response.status_code == 200
    count: int = response.context["cl"].result_count
    return count


class TestList:
    @pytest.mark.parametrize(
        ("name", "rows"),
        [
            ("accounts_user", 2),
            ("accounts_organization", 1),
            ("accounts_membership", 1),
            ("accounts_loginsession", 1),
            ("licenses_license", 2),
            ("licenses_seatsession", 1),
        ],
    )
    def test_shows_everything(self, administrator: Client, customer: Person, name: str, rows: int) -> None:
        assert shown(administrator, name) == rows

    @pytest.mark.parametrize("name", LISTS)
    def test_may_be_empty(self, administrator: Client, name: str) -> None:
        assert shown(administrator, name, "nobody-has-this-name") == 0

    def test_names_every_model_on_the_front_page(self, administrator: Client) -> None:
        page = administrator.get(reverse("admin:index")).content.decode()
        assert all(reverse(f"admin:{name}_changelist") in page for name in LISTS)

    def test_is_of_every_registered_model(self) -> None:
        assert {model._meta.label_lower.replace(".", "_") for model in admin.site._registry} == set(LISTS)


class TestSearch:
    @pytest.mark.parametrize(
        ("name", "search"),
        [
            ("accounts_organization", "analytical"),
            ("licenses_license", "PROD-2025-ABCD-1234"),
            ("licenses_license", "prod 2025 abcd 1234"),
            ("licenses_license", "PR0D2O25ABCDI234"),
            ("licenses_license", "2025-ABCD"),
            ("licenses_seatsession", "machine-1"),
            ("licenses_seatsession", "PROD-2025-ABCD"),
        ],
    )
    def test_finds_one(self, administrator: Client, customer: Person, name: str, search: str) -> None:
        make_person()
        assert shown(administrator, name, search) == 1

    @pytest.mark.parametrize(
        ("name", "rows"),
        [
            ("accounts_user", 1),
            ("accounts_organization", 1),
            ("accounts_loginsession", 1),
            ("licenses_license", 2),
            ("licenses_seatsession", 1),
        ],
    )
    def test_finds_all_that_is_a_users(self, administrator: Client, customer: Person, name: str, rows: int) -> None:
        make_person()
        assert shown(administrator, name, customer.membership.user.email.upper()) == rows

    def test_finds_a_seat_by_its_id(self, administrator: Client, customer: Person) -> None:
        assert shown(administrator, "licenses_seatsession", str(SeatSession.objects.get().pk)) == 1

    @pytest.mark.parametrize("name", LISTS)
    def test_survives_any_text(self, administrator: Client, customer: Person, name: str) -> None:
        for search in ("%x'\\", '"unfinished', "😀" * 500):
            assert shown(administrator, name, search) == 0


class TestDetail:
    def test_opens_for_every_row(self, administrator: Client, customer: Person) -> None:
        rows = [customer.membership.user, customer.organization, LoginSession.objects.get()]
        rows += [*License.objects.all(), SeatSession.objects.get()]
        for row in rows:
            name = row._meta.label_lower.replace(".", "_")
            assert administrator.get(reverse(f"admin:{name}_change", args=[row.pk])).status_code == 200

    @pytest.mark.parametrize("name", LISTS)
    def test_of_nothing_leads_back(self, administrator: Client, name: str) -> None:
        url = reverse(f"admin:{name}_change", args=["6f9619ff-8b86-4011-b42d-00cf4fc964ff"])
        assert administrator.get(url).status_code == 302

    def test_hides_hashes(self, administrator: Client, customer: Person) -> None:
        login = LoginSession.objects.get()
        page = administrator.get(reverse("admin:accounts_loginsession_change", args=[login.pk])).content.decode()
        assert login.refresh_jti_hash not in page


class TestConsoleLogIn:
    @pytest.mark.parametrize("email", ["root@example.com", "Root@Example.com"])
    def test_takes_the_address_however_written(self, db: None, email: str) -> None:
        make_user("root@example.com", is_staff=True, is_superuser=True)
        client = Client()
        response = client.post(reverse("admin:login"), {"username": email, "password": PASSWORD})
        assert (response.status_code, response.headers["Location"]) == (302, "/admin/")
        assert client.get("/admin/").status_code == 200

    @pytest.mark.parametrize("fields", [{"is_staff": False}, {"is_staff": True, "is_active": False}])
    def test_refuses_who_may_not(self, db: None, fields: dict[str, bool]) -> None:
        make_user("ada@example.com", **fields)
        response = Client().post(reverse("admin:login"), {"username": "ada@example.com", "password": PASSWORD})
        assert response.status_code == 200
        assert b"errornote" in response.content or b"Please enter the correct" in response.content
