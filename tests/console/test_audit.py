"""The console's audit: to look at, to search, and to no other end."""

from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from coditect.journal.models import Event
from tests.factories import Person

LIST = reverse("admin:journal_event_changelist")


def found(client: Client, **query: str) -> int:
    """How many events a list shows."""
    response = client.get(LIST, query)
    assert response.status_code == 200
    return int(response.context["cl"].result_count)


@pytest.fixture
def event(owner: Person) -> Event:
    """What happened first in the organization."""
    return Event.objects.get(type="organization.created", subject_id=owner.organization.pk)


class TestEvents:
    def test_are_found_by_any_of_their_ids(self, administrator: Client, event: Event, outsider: Person) -> None:
        Event.objects.create(
            type="test.done",
            at=event.at,
            subject_type="user",
            subject_id=UUID(int=1),
            actor_id=UUID(int=2),
            api_token_id=UUID(int=3),
            request_id="req_1",
        )
        for term in (*(str(UUID(int=number)) for number in (1, 2, 3)), "req_1", "test.done"):
            assert found(administrator, q=term) == 1
        assert found(administrator, q=str(event.organization_id)) == 2
        assert found(administrator, q=str(UUID(int=4))) == found(administrator, q="test") == 0

    def test_are_filtered_by_kind(self, administrator: Client, event: Event) -> None:
        assert found(administrator, kind="organization") == found(administrator, kind="license") == 1
        assert found(administrator, kind="member") == 0

    def test_never_change(self, administrator: Client, event: Event) -> None:
        change = reverse("admin:journal_event_change", args=[event.pk])
        assert administrator.get(change).status_code == 200
        delete = reverse("admin:journal_event_delete", args=[event.pk])
        for url in (change, delete, reverse("admin:journal_event_add")):
            assert administrator.post(url, {"type": "x", "post": "yes"}).status_code == 403
        assert Event.objects.get(pk=event.pk).type == "organization.created"

    def test_are_not_for_everybody(self, clerk: Client, event: Event) -> None:
        assert clerk.get(LIST).status_code == 403
