"""Staff suspends, reinstates, revokes, renews and transfers licenses in the console."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from coditect.journal.models import Event
from licenses.models import License, SeatSession
from licenses.services.life import suspend_license
from tests.console.conftest import signed_in
from tests.dialects import Api
from tests.factories import Person, make_license, make_user
from tests.licenses.seats import acquire

LIST = "admin:licenses_license_changelist"
ACTIONS = ["suspend", "reinstate", "revoke", "renew", "transfer"]


def act(client: Client, action: str, *licenses: License, **fields: str) -> Any:
    """Choose an action for licenses; with fields, fill in its page and confirm."""
    form = {"action": action, "_selected_action": [str(license.pk) for license in licenses], **fields}
    return client.post(reverse(LIST), form)


def confirm(client: Client, action: str, *licenses: License, **fields: str) -> str:
    """Fill in an action's page, and read what the list then tells."""
    response = act(client, action, *licenses, confirmed="yes", **fields)
    assert response.status_code == 302
    return str(client.get(reverse(LIST)).content.decode())


class TestPages:
    @pytest.mark.parametrize("action", ACTIONS)
    def test_ask_before_anything_is_done(self, administrator: Client, license: License, action: str) -> None:
        response = act(administrator, action, license)
        page = response.content.decode()
        assert response.status_code == 200
        assert f'value="{license.pk}"' in page
        assert 'name="reason"' in page
        assert not Event.objects.filter(subject_id=license.pk).exclude(type="license.created").exists()

    @pytest.mark.parametrize(
        ("action", "fields"),
        [
            ("renew", {"expires_at_0": "2001-01-01", "expires_at_1": "00:00"}),
            ("transfer", {"organization": "nowhere"}),
            ("transfer", {}),
            ("reinstate", {"hold": "nobody"}),
        ],
    )
    def test_ask_again_where_they_are_filled_in_wrongly(
        self, administrator: Client, license: License, action: str, fields: dict[str, str]
    ) -> None:
        response = act(administrator, action, license, confirmed="yes", **fields)
        assert response.status_code == 200
        assert response.context["form"].errors

    @pytest.mark.parametrize("action", ACTIONS)
    def test_are_for_those_who_may_change_licenses(self, db: None, license: License, action: str) -> None:
        onlooker = make_user("onlooker@example.com", is_staff=True)
        onlooker.user_permissions.add(Permission.objects.get(codename="view_license"))
        browser = signed_in(onlooker)
        assert b'name="reason"' not in act(browser, action, license).content
        act(browser, action, license, confirmed="yes", hold="operator")
        assert not Event.objects.filter(subject_id=license.pk).exclude(type="license.created").exists()


class TestActions:
    def test_suspend_as_the_operator(self, administrator: Client, owner: Person, license: License) -> None:
        other = make_license(owner.organization)
        told = confirm(administrator, "suspend", license, other, reason="abuse")
        assert "2 suspended." in told
        license.refresh_from_db()
        assert (license.status, license.holds) == ("suspended", ["operator"])
        event = Event.objects.filter(type="license.suspended").first()
        assert event is not None
        root = User.objects.get(email="root@example.com")
        assert (event.actor_id, event.data["reason"]) == (root.pk, "abuse")

    def test_reinstate_whose_suspension_is_chosen(self, administrator: Client, license: License) -> None:
        suspend_license(license_id=license.pk, now=timezone.now(), hold=License.Hold.BILLING)
        told = confirm(administrator, "reinstate", license, hold="operator")
        assert "suspended by somebody else" in told
        assert "0 reinstated." in told
        assert "1 reinstated." in confirm(administrator, "reinstate", license, hold="billing")
        license.refresh_from_db()
        assert license.status == "active"

    def test_revoke_at_once_where_that_is_ticked(self, administrator: Client, owner: Person, license: License) -> None:
        acquire(Api("flat"), owner, license)
        confirm(administrator, "revoke", license)
        assert SeatSession.objects.get().ended_at is None
        confirm(administrator, "revoke", license, immediately="on")
        assert SeatSession.objects.get().status == "revoked"

    def test_renew_until_a_moment_or_for_ever(self, administrator: Client, license: License) -> None:
        end = timezone.now().replace(microsecond=0) + timedelta(days=30)
        date, time = end.strftime("%Y-%m-%d %H:%M:%S").split()
        confirm(administrator, "renew", license, expires_at_0=date, expires_at_1=time)
        license.refresh_from_db()
        assert license.expires_at == end
        confirm(administrator, "renew", license)
        license.refresh_from_db()
        assert license.expires_at is None

    def test_transfer_to_the_organization_of_a_slug(
        self, administrator: Client, outsider: Person, license: License
    ) -> None:
        told = confirm(administrator, "transfer", license, organization=outsider.organization.slug)
        assert "1 transferred." in told
        license.refresh_from_db()
        assert license.organization == outsider.organization
