"""POST auth/register."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from accounts.models import LoginSession, Membership, Organization, User
from coditect.errors import Conflict
from coditect.journal import services as journal
from coditect.journal.models import Event
from licenses.models import License
from tests.api.shapes import UTC_TIME, assert_problem
from tests.dialects import NAMES, Answer, Api

ADA = {
    "email": "ada@example.com",
    "password": "SecurePass123!",
    "full_name": "Ada Lovelace",
    "company_name": "Analytical Engines",
}


def register(api: Api, **changes: str) -> Answer:
    """Sign Ada up, or somebody like her."""
    return api.post("register", ADA | changes)


def assert_nothing_was_made() -> None:
    """No trace of a registration."""
    for model in (User, Organization, Membership, License, Event):
        assert not model._default_manager.exists()


class TestRegister:
    def test_answers_the_new_user_and_organization(self, api: Api) -> None:
        answer = register(api)
        assert answer.status == 201
        user, organization = User.objects.get(), Organization.objects.get()
        assert UTC_TIME.fullmatch(answer.data["created_at"])
        assert answer.data == {
            "id": str(user.pk),
            "email": "ada@example.com",
            "full_name": "Ada Lovelace",
            "company_name": "Analytical Engines",
            "email_verified": False,
            "organization_id": str(organization.pk),
            "organization_name": "Analytical Engines",
            "role": "owner",
            "created_at": answer.data["created_at"],
        }

    def test_makes_an_owner_who_is_not_staff(self, api: Api) -> None:
        register(api)
        user = User.objects.get()
        assert Membership.objects.get().role == "owner"
        assert (user.is_active, user.is_staff, user.is_superuser) == (True, False, False)

    def test_gives_a_free_license_with_one_seat(self, api: Api) -> None:
        answer = register(api)
        license = License.objects.get()
        assert str(license.organization_id) == answer.data["organization_id"]
        assert (license.tier, license.max_seats, license.status, license.expires_at) == ("free", 1, "active", None)

    def test_stores_the_password_hashed_with_argon2id(self, api: Api) -> None:
        register(api)
        assert User.objects.get().password.startswith("argon2$argon2id$")

    def test_lets_the_user_log_in(self, api: Api) -> None:
        register(api)
        assert api.post("log-in", {"email": ADA["email"], "password": ADA["password"]}).status == 200

    def test_logs_nobody_in_by_itself(self, api: Api) -> None:
        assert not {"access", "refresh"} & set(register(api).data)
        assert not LoginSession.objects.exists()

    @pytest.mark.parametrize("email", ["Ada@Example.COM", "  ada@example.com ", "ADA@EXAMPLE.COM"])
    def test_normalises_the_address(self, api: Api, email: str) -> None:
        assert register(api, email=email).data["email"] == "ada@example.com"
        assert_problem(register(api), 409, "email_taken")

    @pytest.mark.parametrize("name", ["株式会社", "<script>alert(1)</script>", "🚀", "x" * 150, "'; DROP TABLE x;--"])
    def test_takes_any_company_name(self, api: Api, name: str) -> None:
        answer = register(api, company_name=name)
        assert (answer.status, answer.data["organization_name"]) == (201, name)

    def test_tells_companies_of_one_name_apart(self, api: Api) -> None:
        register(api)
        register(api, email="eve@example.com")
        assert len(set(Organization.objects.values_list("slug", flat=True))) == 2

    def test_ignores_what_it_did_not_ask_for(self, api: Api) -> None:
        answer = register(api, is_staff="true", role="admin", id="6f9619ff-8b86-4011-b42d-00cf4fc964ff")
        assert (answer.status, User.objects.get().is_staff) == (201, False)

    def test_survives_an_address_that_grows_in_lower_case(self, api: Api) -> None:
        domain = ".".join(["İİİİ"] * 48)
        assert register(api, email=f"a@{domain}.com").status in {400, 422}


class TestWeakPassword:
    @pytest.mark.parametrize(
        "password",
        [
            "Sh0rt!",
            "password123",
            "8675309123",
            "ada@example.com",
            "AdaLovelace1",
            "Coditect-2026!",
            "LICENSE.seat.42",
        ],
    )
    def test_is_refused_by_field(self, api: Api, password: str) -> None:
        answer = register(api, password=password)
        assert_problem(answer, 400 if api.dialect == "flat" else 422, "validation_failed")
        assert set(answer.errors) == {"password"}
        assert_nothing_was_made()

    def test_is_told_all_its_faults(self, api: Api) -> None:
        assert len(register(api, password="12345").errors["password"]) == 3

    def test_is_not_one_with_spaces_at_its_ends(self, api: Api) -> None:
        register(api, password="  SecurePass123!  ")
        log_in = {"email": ADA["email"], "password": "  SecurePass123!  "}
        assert api.post("log-in", log_in).status == 200
        assert api.post("log-in", log_in | {"password": "SecurePass123!"}).status == 401


class TestTakenAddress:
    def test_is_a_conflict(self, api: Api) -> None:
        register(api)
        answer = register(api, company_name="Another")
        assert_problem(answer, 409, "email_taken")
        assert (User.objects.count(), Organization.objects.count(), License.objects.count()) == (1, 1, 1)

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("dialect", NAMES)
    def test_is_a_conflict_for_all_but_one_of_many_at_once(self, dialect: str) -> None:
        def register_once(number: int) -> int:
            try:
                api = Api(dialect)
                return register(api, email="ada@example.com" if number % 2 else "ADA@example.com").status
            finally:
                connections.close_all()

        with ThreadPoolExecutor(4) as pool:
            statuses = sorted(pool.map(register_once, range(4)))
        assert statuses == [201, 409, 409, 409]
        assert (User.objects.count(), Organization.objects.count(), License.objects.count()) == (1, 1, 1)


class TestFailingReceiver:
    def test_leaves_nothing_half_made(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(event: Event) -> None:
            raise Conflict("Not today.")

        receivers = [*journal._receivers["organization.created"], refuse]
        monkeypatch.setitem(journal._receivers, "organization.created", receivers)
        answer = register(api)
        assert_problem(answer, 409, "conflict")
        assert_nothing_was_made()
