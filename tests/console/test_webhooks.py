"""Staff sees which webhooks fail and what waits for them, sends again, and switches them off and on."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from coditect.journal.models import Event
from tests.console.conftest import signed_in
from tests.factories import Person, make_user
from tests.mails import deliver_one, text_of
from tests.webhooks.factories import SECRET, make_delivery, make_endpoint
from tests.webhooks.telling import tell
from webhooks.models import Attempt, Delivery, Endpoint
from webhooks.services.dispatch import dispatch_events

ENDPOINTS = reverse("admin:webhooks_endpoint_changelist")
DELIVERIES = reverse("admin:webhooks_delivery_changelist")
NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOST, PATH, QUERY = "hooks.example.com", "/services/T00/swordfish", "token=open-sesame"
ANSWER = "a stack trace of the customer's"


@pytest.fixture
def endpoint(owner: Person) -> Endpoint:
    """One that fails, with two deliveries waiting."""
    dispatch_events(clock=timezone.now)
    endpoint = make_endpoint(owner.organization, url=f"https://{HOST}{PATH}?{QUERY}", failing_since=NOW)
    head = make_delivery(endpoint, created_at=NOW, attempts=2)
    for number, code in enumerate((404, 502)):
        at = NOW + number * SECOND
        Attempt.objects.create(
            delivery=head, at=at, status_code=code, error="not_accepted", duration_ms=1, response_start=ANSWER
        )
    make_delivery(endpoint, created_at=NOW + SECOND)
    return endpoint


@pytest.fixture
def sent(owner: Person, endpoint: Endpoint) -> Delivery:
    """A delivery that was given up."""
    event = tell(owner.organization, "license.renewed")
    ended = {"status": "failed", "attempts": 10, "finished_at": NOW}
    return make_delivery(endpoint, event_id=event.pk, event_type=event.type, created_at=NOW, **ended)


def page(client: Client, url: str, **query: str) -> str:
    """What a page shows."""
    response = client.get(url, query)
    assert response.status_code == 200
    return response.content.decode()


def act(client: Client, action: str, *rows: Any) -> str:
    """Run an action on rows."""
    url = ENDPOINTS if isinstance(rows[0], Endpoint) else DELIVERIES
    form = {"action": action, "_selected_action": [row.pk for row in rows]}
    return str(client.post(url, form, follow=True).content.decode())


def state_of(endpoint: Endpoint) -> tuple[str, str]:
    """Whether it is enabled, and why not."""
    endpoint.refresh_from_db()
    return endpoint.status, endpoint.disabled_reason


def one_shots() -> list[Delivery]:
    """What is to be sent now, past the lanes."""
    return list(Delivery.objects.one_shots_due(at=timezone.now()))


def staff_who_may(*codenames: str) -> User:
    """Staff with permissions."""
    staff = make_user("staff@example.com", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return staff


class TestEndpoints:
    def test_show_how_they_do(self, administrator: Client, endpoint: Endpoint) -> None:
        for url in (ENDPOINTS, reverse("admin:webhooks_endpoint_change", args=[endpoint.pk])):
            text = page(administrator, url)
            assert HOST in text
            assert "502 not_accepted" in text
            assert "404 not_accepted" not in text

    def test_show_the_backlog_and_since_when_it_waits(self, administrator: Client, endpoint: Endpoint) -> None:
        text = page(administrator, ENDPOINTS)
        assert "2 deliveries wait, the oldest since 2026-11-02 09:00:00 UTC" in " ".join(text.split())
        row = text[text.index('class="field-backlog') :]
        assert row[row.index(">") :].split("<")[0].strip("> \n") == "2"

    def test_show_neither_secrets_nor_the_path_nor_the_answer(
        self, administrator: Client, endpoint: Endpoint, sent: Delivery
    ) -> None:
        head = Delivery.objects.order_by("position")[0]
        urls = [ENDPOINTS, DELIVERIES]
        urls += [reverse(f"admin:webhooks_endpoint_{name}", args=[endpoint.pk]) for name in ("change", "history")]
        urls += [reverse(f"admin:webhooks_delivery_{name}", args=[head.pk]) for name in ("change", "history")]
        for url in urls:
            text = page(administrator, url)
            hidden = (SECRET, endpoint.secret, "swordfish", "open-sesame", "stack trace")
            assert [word for word in hidden if word in text] == []

    @pytest.mark.parametrize(
        ("state", "expected"),
        [("failing", {"failing"}), ("disabled", {"disabled"}), ("backlog", {"failing", "disabled"})],
    )
    def test_are_found_by(self, administrator: Client, owner: Person, state: str, expected: set[str]) -> None:
        disabled = {"status": "disabled", "disabled_reason": "gone"}
        made = {
            "failing": make_endpoint(owner.organization, url="https://failing.example.com/", failing_since=NOW),
            "disabled": make_endpoint(owner.organization, url="https://disabled.example.com/", **disabled),
            "well": make_endpoint(owner.organization, url="https://well.example.com/"),
        }
        make_delivery(made["failing"])
        make_delivery(made["disabled"])
        make_delivery(made["well"], status="succeeded", finished_at=NOW)
        text = page(administrator, ENDPOINTS, state=state)
        assert {name for name in made if f"{name}.example.com" in text} == expected

    def test_leave_out_what_was_deleted(self, administrator: Client, endpoint: Endpoint) -> None:
        silent = {"status": "disabled", "disabled_reason": "customer", "secret": "", "deleted_at": NOW}
        Endpoint.objects.filter(pk=endpoint.pk).update(**silent)
        assert HOST not in page(administrator, ENDPOINTS)
        assert HOST not in page(administrator, DELIVERIES)

    def test_are_neither_made_nor_changed_nor_deleted(self, administrator: Client, endpoint: Endpoint) -> None:
        assert administrator.get(reverse("admin:webhooks_endpoint_add")).status_code == 403
        for name in ("change", "delete"):
            url = reverse(f"admin:webhooks_endpoint_{name}", args=[endpoint.pk])
            assert administrator.post(url, {"post": "yes", "status": "disabled"}).status_code == 403
        assert state_of(endpoint) == ("enabled", "")


class TestSwitch:
    def test_disables_as_the_operator(self, administrator: Client, endpoint: Endpoint) -> None:
        assert "1 webhooks disabled" in act(administrator, "disable", endpoint)
        assert state_of(endpoint) == ("disabled", "operator")
        entry = Event.objects.get(type="webhook.disabled")
        assert entry.actor_id == User.objects.get(email="root@example.com").pk
        assert "Our operators did so" in text_of(deliver_one())

    def test_enables_and_has_the_lane_tried_at_once(self, administrator: Client, endpoint: Endpoint) -> None:
        act(administrator, "disable", endpoint)
        assert "1 webhooks enabled" in act(administrator, "enable", endpoint)
        assert state_of(endpoint) == ("enabled", "")
        assert Endpoint.objects.due(at=timezone.now()).get() == endpoint
        assert Event.objects.filter(type="webhook.enabled").count() == 1

    def test_twice_is_the_same_as_once(self, administrator: Client, endpoint: Endpoint) -> None:
        act(administrator, "disable", endpoint)
        assert "0 webhooks disabled" in act(administrator, "disable", endpoint)
        assert Event.objects.filter(type="webhook.disabled").count() == 1

    @pytest.mark.parametrize("action", ["disable", "enable"])
    def test_needs_the_permission_to_change_webhooks(self, endpoint: Endpoint, action: str) -> None:
        if action == "enable":
            Endpoint.objects.update(status="disabled", disabled_reason="gone")
        before = state_of(endpoint)
        staff = staff_who_may("view_endpoint")
        act(signed_in(staff), action, endpoint)
        assert state_of(endpoint) == before
        staff.user_permissions.add(Permission.objects.get(codename="change_endpoint"))
        act(signed_in(staff), action, endpoint)
        assert state_of(endpoint) != before


class TestDeliveries:
    def test_show_each_try(self, administrator: Client, endpoint: Endpoint) -> None:
        head = Delivery.objects.order_by("position")[0]
        text = page(administrator, reverse("admin:webhooks_delivery_change", args=[head.pk]))
        assert all(word in text for word in ("404", "502", "not_accepted", HOST))

    def test_are_found_by_the_webhook(self, administrator: Client, owner: Person, sent: Delivery) -> None:
        other = make_delivery(make_endpoint(owner.organization), event_type="license.revoked")
        text = page(administrator, DELIVERIES, q=str(sent.endpoint_id))
        assert str(sent.event_id) in text
        assert str(other.event_id) not in text


class TestRedeliver:
    def test_sends_once_more(self, administrator: Client, owner: Person, sent: Delivery) -> None:
        assert "1 will be sent again" in act(administrator, "redeliver", sent)
        (shot,) = one_shots()
        assert (shot.event_id, shot.reason) == (sent.event_id, "redelivery")
        entry = Event.objects.get(type="webhook.redelivered")
        assert entry.organization_id == owner.organization.pk
        assert entry.actor_id == User.objects.get(email="root@example.com").pk

    def test_says_what_cannot_be_and_does_the_rest(
        self, administrator: Client, endpoint: Endpoint, sent: Delivery
    ) -> None:
        pending = Delivery.objects.pending()[0]
        forgotten = make_delivery(endpoint, event_id=uuid4(), status="failed", finished_at=NOW)
        text = act(administrator, "redeliver", pending, forgotten, sent)
        assert "still to be sent" in text
        assert "no longer known" in text
        assert "1 will be sent again" in text

    def test_needs_the_permission_to_change_deliveries(self, sent: Delivery) -> None:
        staff = staff_who_may("view_delivery")
        act(signed_in(staff), "redeliver", sent)
        assert one_shots() == []
        staff.user_permissions.add(Permission.objects.get(codename="change_delivery"))
        act(signed_in(staff), "redeliver", sent)
        assert len(one_shots()) == 1
