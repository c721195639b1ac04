"""Shapes of webhook endpoints, in and out."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers

from coditect.api.fields import TextField
from coditect.api.queries import ListQuery
from coditect.journal.catalogue import PUBLIC_TYPES
from webhooks.addresses import LONGEST
from webhooks.models import EVERY_EVENT, Endpoint
from webhooks.services.endpoints import NewSecret

# Read when the routes are, which is after every app has declared its events.
EVENTS = [EVERY_EVENT, *sorted(PUBLIC_TYPES)]


class NewEndpointSerializer(serializers.Serializer[Any]):
    """What making an endpoint takes."""

    url = TextField(max_length=LONGEST, help_text="Where to send events: https, and on the public internet.")
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=EVENTS),
        allow_empty=False,
        max_length=len(EVENTS),
        help_text=f'Types of events to send; "{EVERY_EVENT}" is each of them, also those to come.',
    )
    description = TextField(max_length=200, required=False, allow_blank=True)


class EndpointChangesSerializer(serializers.Serializer[Any]):
    """What can be changed of an endpoint; what is left out stays."""

    url = TextField(max_length=LONGEST, required=False, help_text="Tried at once; what is pending goes there.")
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=EVENTS),
        required=False,
        allow_empty=False,
        max_length=len(EVENTS),
        help_text="Of what happens from now on; what is pending is sent.",
    )
    description = TextField(max_length=200, required=False, allow_blank=True)
    status = serializers.ChoiceField(
        required=False,
        choices=Endpoint.Status.values,
        help_text="`enabled` sends what is pending, too; what happens while it is `disabled` is not sent later.",
    )


class EndpointQuery(ListQuery):
    """Filters of the list of endpoints."""

    sortable: ClassVar[dict[str, str]] = {"created_at": "created_at"}

    status = serializers.ChoiceField(required=False, choices=Endpoint.Status.values)

    def filter_status(self, rows: QuerySet[Endpoint], value: str) -> QuerySet[Endpoint]:
        """Of one status."""
        return rows.filter(status=value)


def present_endpoints(endpoints: Sequence[Endpoint]) -> list[dict[str, Any]]:
    """Endpoints without their secrets."""
    return [present_endpoint(endpoint) for endpoint in endpoints]


def present_endpoint(endpoint: Endpoint) -> dict[str, Any]:
    """One endpoint without its secrets."""
    return {
        "id": endpoint.pk,
        "organization_id": endpoint.organization_id,
        "url": endpoint.url,
        "description": endpoint.description,
        "events": endpoint.events,
        "status": endpoint.status,
        "disabled_reason": endpoint.disabled_reason or None,
        "failing_since": endpoint.failing_since,
        "previous_secret_until": endpoint.previous_secret_until,
        "created_at": endpoint.created_at,
    }


def present_new_secret(new: NewSecret) -> dict[str, Any]:
    """An endpoint with the secret that it just got, this once."""
    return present_endpoint(new.endpoint) | {"secret": new.text}
