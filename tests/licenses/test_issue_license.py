"""`manage.py issue_license`, `manage.py seed_demo`, and the free license of a new organization."""

import json
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from coditect.journal.models import Event
from licenses.models import License, SeatChange
from tests.factories import Person, make_license, make_organization

pytestmark = pytest.mark.django_db


def run(command: str, **options: Any) -> str:
    """Run a command and return what it printed."""
    printed = StringIO()
    call_command(command, stdout=printed, **options)
    return printed.getvalue().strip()


class TestIssueLicense:
    def test_prints_the_key(self, owner: Person) -> None:
        key = run("issue_license", email=owner.membership.user.email.upper(), tier="pro", seats=5)
        license = License.objects.get(key_string=key)
        assert (license.organization, license.tier, license.max_seats) == (owner.organization, "pro", 5)
        assert license.expires_at is None
        assert SeatChange.objects.get(license=license).seats == 5
        assert Event.objects.filter(type="license.created", subject_id=license.pk).exists()

    def test_takes_an_expiry_and_an_imported_key(self, owner: Person) -> None:
        email = owner.membership.user.email
        key = run("issue_license", email=email, tier="pro", seats=1, expires="2027-01-01", key="PROD-2025-ABCD-1234")
        assert key == "PROD-2025-ABCD-1234"
        assert License.objects.get(key_string=key).expires_at == datetime(2027, 1, 1, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"email": "nobody@example.com"}, "nobody@example.com"),
            ({"seats": 0}, "--seats"),
            ({"expires": "soon"}, "--expires"),
            ({"expires": "2020-01-01"}, "future"),
            ({"key": "PROD-2026-0000-0000-0000-0000-0000-0000-0001"}, "check characters"),
            ({"key": "taken-key"}, "in use"),
        ],
    )
    def test_says_what_is_wrong(self, owner: Person, wrong: dict[str, Any], said: str) -> None:
        make_license(owner.organization, key="TAKEN KEY")
        before = License.objects.count()
        options = {"email": owner.membership.user.email, "tier": "pro", "seats": 1} | wrong
        with pytest.raises(CommandError, match=said):
            run("issue_license", **options)
        assert License.objects.count() == before

    def test_draws_a_lease_group_of_its_own(self, owner: Person) -> None:
        groups = {make_license(owner.organization).lease_group for _ in range(5)}
        assert len(groups) == 5
        assert all(len(group) == 12 for group in groups)


class TestFreeLicense:
    def test_comes_with_every_organization(self) -> None:
        license = License.objects.get(organization=make_organization())
        assert (license.tier, license.max_seats) == ("free", 1)


class TestSeedDemo:
    def test_makes_everything_once(self) -> None:
        first, again = json.loads(run("seed_demo")), json.loads(run("seed_demo"))
        assert first == again
        assert License.objects.get(key_string=first["license_key"]).max_seats == 3

    @override_settings(IS_DEVELOPMENT=False)
    def test_is_refused_outside_development(self) -> None:
        with pytest.raises(CommandError, match="development only"):
            run("seed_demo")
