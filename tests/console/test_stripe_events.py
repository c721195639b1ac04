"""Staff sees which of Stripe's events failed, and has them handled again."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.console.conftest import signed_in
from tests.factories import make_user
from webhooks.models import StripeEvent

LIST = reverse("admin:webhooks_stripeevent_changelist")


@pytest.fixture
def event(db: None) -> StripeEvent:
    """One that was given up."""
    now = timezone.now()
    return StripeEvent.objects.create(
        id="evt_1",
        type="invoice.paid",
        occurred_at=now,
        customer_id="cus_1",
        status="failed",
        received_at=now,
        next_attempt_at=now,
        attempts=12,
        last_error="PriceUnknown",
    )


def run_again(client: Client, event: StripeEvent) -> Any:
    """Run the action on a row."""
    return client.post(LIST, {"action": "run_again", "_selected_action": [event.pk]}, follow=True)


def status_of(event: StripeEvent) -> tuple[str, int]:
    """Where it stands, and after how many tries."""
    event.refresh_from_db()
    return event.status, event.attempts


class TestStripeEvents:
    def test_show_what_went_wrong(self, administrator: Client, event: StripeEvent) -> None:
        for page in (LIST, reverse("admin:webhooks_stripeevent_change", args=[event.pk])):
            assert "PriceUnknown" in administrator.get(page).content.decode()

    @pytest.mark.parametrize("term", ["evt_1", "cus_1"])
    def test_are_found_by(self, administrator: Client, event: StripeEvent, term: str) -> None:
        assert "PriceUnknown" in administrator.get(LIST, {"q": term}).content.decode()

    def test_are_neither_made_nor_changed_nor_deleted(self, administrator: Client, event: StripeEvent) -> None:
        assert administrator.get(reverse("admin:webhooks_stripeevent_add")).status_code == 403
        for page in ("change", "delete"):
            url = reverse(f"admin:webhooks_stripeevent_{page}", args=[event.pk])
            assert administrator.post(url, {"post": "yes", "status": "done"}).status_code == 403
        assert status_of(event) == ("failed", 12)


class TestRunAgain:
    def test_has_them_handled_anew(self, administrator: Client, event: StripeEvent) -> None:
        assert "1 events will be handled again" in run_again(administrator, event).content.decode()
        assert status_of(event) == ("pending", 0)

    def test_needs_the_permission_to_change_events(self, event: StripeEvent) -> None:
        staff = make_user("staff@example.com", is_staff=True)
        permissions = Permission.objects.filter(content_type__app_label="webhooks")
        staff.user_permissions.set(permissions.filter(codename="view_stripeevent"))
        run_again(signed_in(staff), event)
        assert status_of(event) == ("failed", 12)
        staff.user_permissions.add(permissions.get(codename="change_stripeevent"))
        run_again(signed_in(staff), event)
        assert status_of(event) == ("pending", 0)
