"""An administrator changes a license's seat count."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from coditect.journal.models import Event
from licenses.models import License, SeatChange, SeatSession
from tests.dialects import Api
from tests.factories import Person


def change(client: Client, license: License, **fields: str) -> Any:
    """Send the form of a license."""
    return client.post(reverse("admin:licenses_license_change", args=[license.pk]), fields)


class TestChangeSeats:
    def test_is_the_only_change_offered(self, administrator: Client, license: License) -> None:
        form = administrator.get(reverse("admin:licenses_license_change", args=[license.pk])).context["adminform"]
        shown = {name for _, options in form.fieldsets for name in options["fields"]}
        assert shown - set(form.readonly_fields) == {"max_seats"}

    def test_goes_through_the_service(self, administrator: Client, license: License) -> None:
        assert change(administrator, license, max_seats="7").status_code == 302
        license.refresh_from_db()
        assert license.max_seats == 7
        assert list(SeatChange.objects.filter(license=license).order_by("at").values_list("seats", flat=True)) == [2, 7]
        assert Event.objects.filter(type="license.updated", subject_id=license.pk).count() == 1

    def test_takes_nothing_else_along(self, administrator: Client, license: License) -> None:
        change(administrator, license, max_seats="3", key_string="STOLEN", tier="enterprise", status="revoked")
        changed = License.objects.get(pk=license.pk)
        assert (changed.max_seats, changed.tier, changed.status) == (3, license.tier, license.status)
        assert changed.key_string == license.key_string

    def test_to_fewer_marks_the_newest_seat(self, administrator: Client, owner: Person, license: License) -> None:
        api = Api("flat", owner.token)
        first, second = (
            api.post("acquire", {"license_key": license.key_string, "hardware_id": name}).data["session_id"]
            for name in ("machine-1", "machine-2")
        )
        change(administrator, license, max_seats="1")
        marked = SeatSession.objects.filter(revoke_at__isnull=False).values_list("pk", flat=True)
        assert [str(pk) for pk in marked] == [second]
        assert SeatSession.objects.get(pk=first).revoke_at is None

    @pytest.mark.parametrize("seats", ["", "-1", "x", "1.5", "99999999999"])
    def test_refuses_what_is_no_count(self, administrator: Client, license: License, seats: str) -> None:
        assert change(administrator, license, max_seats=seats).status_code == 200
        license.refresh_from_db()
        assert license.max_seats == 2
