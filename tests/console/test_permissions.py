"""Who may do what in the console, and what nobody may."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from accounts.models import LoginSession, Organization, User
from coditect.journal.models import Event
from licenses.models import License, SeatSession
from tests.api.shapes import assert_problem
from tests.console.conftest import signed_in
from tests.dialects import Api
from tests.factories import PASSWORD, Person, make_user

MODELS: list[type[Any]] = [User, Organization, LoginSession, License, SeatSession]
NEVER_DELETED = [Organization, License, SeatSession]


def page(model: type[Any], name: str, *args: object) -> str:
    """The URL of a page of a model."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


@pytest.fixture
def row(owner: Person, license: License) -> dict[type[Any], object]:
    """The id of a row of each model."""
    body = {"license_key": license.key_string, "hardware_id": "machine-1"}
    Api("flat", owner.token).post("acquire", body)
    return {model: model.objects.values_list("pk", flat=True).first() for model in MODELS}


class TestStranger:
    @pytest.mark.parametrize("model", MODELS)
    def test_is_sent_to_log_in(self, db: None, model: type[Any]) -> None:
        response = Client().get(page(model, "changelist"))
        assert (response.status_code, response.headers["Location"][:13]) == (302, "/admin/login/")

    def test_with_a_customers_log_in_is_sent_there_too(self, owner: Person) -> None:
        assert signed_in(owner.membership.user).get("/admin/").status_code == 302

    def test_with_an_access_token_is_sent_there_too(self, owner: Person) -> None:
        response = Client().get("/admin/", headers={"authorization": f"Bearer {owner.token}"})
        assert response.status_code == 302

    def test_cannot_use_a_console_session_for_the_api(self, administrator: Client) -> None:
        assert administrator.get("/v1/licenses").status_code == 401


class TestStaffWithoutPermissions:
    @pytest.mark.parametrize("model", MODELS)
    def test_sees_nothing(self, clerk: Client, row: dict[type[Any], object], model: type[Any]) -> None:
        assert clerk.get(page(model, "changelist")).status_code == 403
        assert clerk.get(page(model, "change", row[model])).status_code == 403
        assert clerk.get(page(model, "add")).status_code == 403

    def test_issues_nothing(self, clerk: Client, owner: Person) -> None:
        before = License.objects.count()
        form = {"organization": str(owner.organization.pk), "tier": "pro", "max_seats": "5", "key": ""}
        assert clerk.post(page(License, "add"), form).status_code == 403
        assert License.objects.count() == before

    def test_changes_nothing(self, clerk: Client, license: License) -> None:
        assert clerk.post(page(License, "change", license.pk), {"max_seats": "99"}).status_code == 403
        license.refresh_from_db()
        assert license.max_seats == 2

    def test_releases_nothing(self, clerk: Client, row: dict[type[Any], object]) -> None:
        form = {"action": "force_release", "_selected_action": [str(row[SeatSession])]}
        assert clerk.post(page(SeatSession, "changelist"), form).status_code == 403
        assert SeatSession.objects.get().status == "active"


class TestAdministrator:
    @pytest.mark.parametrize("model", NEVER_DELETED)
    def test_deletes_nothing_that_is_a_record(
        self, administrator: Client, row: dict[type[Any], object], model: type[Any]
    ) -> None:
        assert administrator.post(page(model, "delete", row[model]), {"post": "yes"}).status_code == 403
        form = {"action": "delete_selected", "_selected_action": [str(row[model])], "post": "yes"}
        administrator.post(page(model, "changelist"), form)
        assert model.objects.filter(pk=row[model]).exists()

    @pytest.mark.parametrize("model", [LoginSession, SeatSession])
    def test_makes_and_changes_no_sessions(
        self, administrator: Client, row: dict[type[Any], object], model: type[Any]
    ) -> None:
        assert administrator.get(page(model, "add")).status_code == 403
        assert administrator.post(page(model, "change", row[model]), {"ip": "1.1.1.1"}).status_code == 403

    def test_needs_a_csrf_token(self, license: License, administrator: Client) -> None:
        strict = Client(enforce_csrf_checks=True)
        strict.cookies = administrator.cookies
        assert strict.post(page(License, "change", license.pk), {"max_seats": "99"}).status_code == 403
        license.refresh_from_db()
        assert license.max_seats == 2


INLINE = {f"memberships-{name}": value for name, value in [("TOTAL_FORMS", "0"), ("INITIAL_FORMS", "0")]}


class TestMakingUsers:
    def test_normalises_the_address_so_that_they_can_log_in(self, administrator: Client, api: Api) -> None:
        form = {"email": "Ada@Example.com", "full_name": "Ada", "password1": PASSWORD, "password2": PASSWORD}
        response = administrator.post(page(User, "add"), form | INLINE | {"usable_password": "true"})
        assert response.status_code == 302
        assert get_user_model().objects.filter(email="ada@example.com").exists()
        assert api.post("log-in", {"email": "Ada@Example.com", "password": PASSWORD}).status == 200

    def test_refuses_an_address_that_is_taken_however_written(self, administrator: Client) -> None:
        make_user("ada@example.com")
        form = {"email": "ADA@example.com", "full_name": "Ada", "password1": PASSWORD, "password2": PASSWORD}
        response = administrator.post(page(User, "add"), form | INLINE | {"usable_password": "true"})
        assert response.status_code == 200
        assert User.objects.filter(email__iexact="ada@example.com").count() == 1

    def test_can_deactivate_them_at_once(self, administrator: Client, api: Api, owner: Person) -> None:
        user = owner.membership.user
        form = {"email": user.email, "full_name": user.full_name} | INLINE
        assert administrator.post(page(User, "change", user.pk), form).status_code == 302
        assert_problem(api.as_bearer(owner.token).get("licenses"), 401, "token_revoked")


class TestMakingOrganizations:
    def test_gives_them_their_free_license(self, administrator: Client) -> None:
        assert administrator.post(page(Organization, "add"), {"name": "Acme"} | INLINE).status_code == 302
        organization = Organization.objects.get()
        assert organization.name == "Acme"
        assert License.objects.get().organization == organization
        assert Event.objects.filter(type="organization.created", subject_id=organization.pk).exists()
