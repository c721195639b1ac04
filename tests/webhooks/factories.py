"""Endpoints and deliveries as they lie in the database."""

from typing import Any
from uuid import uuid4

from django.utils import timezone

from accounts.models import Organization
from coditect.encryption import encrypt
from webhooks.models import EVERY_EVENT, Delivery, Endpoint

SECRET = "whsec_" + "c2VjcmV0" * 5 + "c2U="
# An address in place of a name: nobody has to be asked for it.
URL = "https://93.184.215.14/coditect"


def make_endpoint(organization: Organization, **values: Any) -> Endpoint:
    """An endpoint that hears of every event, unless told otherwise; its secret is SECRET."""
    endpoint = Endpoint(organization=organization, created_at=timezone.now())
    fresh = {"url": URL, "events": [EVERY_EVENT], "secret": encrypt(SECRET, context=endpoint.context)}
    for name, value in (fresh | values).items():
        setattr(endpoint, name, value)
    endpoint.save(force_insert=True)
    return endpoint


def make_delivery(endpoint: Endpoint, **values: Any) -> Delivery:
    """A delivery that waits in its endpoint's lane, unless told otherwise."""
    fresh = {"event_id": uuid4(), "event_type": "license.created", "created_at": timezone.now()}
    return Delivery.objects.create(endpoint=endpoint, **(fresh | values))
