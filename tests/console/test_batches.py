"""Staff looks at batches, and cancels them."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from coditect.journal.models import Event
from licenses.models import Batch, License
from tests.console.conftest import signed_in
from tests.factories import Person, make_user
from tests.licenses.batches import counts, order, run

LIST = reverse("admin:licenses_batch_changelist")


@pytest.fixture
def batch(owner: Person, license: License) -> Batch:
    """One that is queued."""
    return order(owner, "suspend", keys=[license.key_string])


def cancel(client: Client, *batches: Batch) -> Any:
    """Run the action on rows."""
    return client.post(LIST, {"action": "cancel", "_selected_action": [batch.pk for batch in batches]}, follow=True)


class TestBatches:
    def test_are_shown_without_keys(self, administrator: Client, batch: Batch, license: License) -> None:
        for page in (LIST, reverse("admin:licenses_batch_change", args=[batch.pk])):
            text = administrator.get(page).content.decode()
            assert "suspend" in text
            assert license.key_normalized not in text

    def test_are_neither_made_nor_changed_nor_deleted(self, administrator: Client, batch: Batch) -> None:
        assert administrator.get(reverse("admin:licenses_batch_add")).status_code == 403
        for page in ("change", "delete"):
            url = reverse(f"admin:licenses_batch_{page}", args=[batch.pk])
            assert administrator.post(url, {"post": "yes", "status": "completed"}).status_code == 403
        assert counts(batch) == ("queued", 0, 0)


class TestCancel:
    def test_stops_what_is_not_done_and_passes_over_the_rest(
        self, administrator: Client, owner: Person, license: License
    ) -> None:
        done = order(owner, "validate", [license])
        run()
        queued = order(owner, "suspend", [license])
        assert "1 batches canceled" in cancel(administrator, done, queued).content.decode()
        assert (counts(done), counts(queued)) == (("completed", 1, 0), ("canceled", 0, 0))

    def test_names_who_did_it(self, administrator: Client, batch: Batch) -> None:
        cancel(administrator, batch)
        event = Event.objects.get(type="batch.canceled")
        assert (event.subject_id, str(event.actor_id)) == (batch.pk, administrator.session["_auth_user_id"])

    def test_needs_the_permission_to_change_batches(self, batch: Batch) -> None:
        staff = make_user("staff@example.com", is_staff=True)
        permissions = Permission.objects.filter(content_type__app_label="licenses")
        staff.user_permissions.set(permissions.filter(codename="view_batch"))
        cancel(signed_in(staff), batch)
        assert counts(batch) == ("queued", 0, 0)
        staff.user_permissions.add(permissions.get(codename="change_batch"))
        cancel(signed_in(staff), batch)
        assert counts(batch) == ("canceled", 0, 0)
