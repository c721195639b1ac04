"""What is read of an event from Stripe: who it is about, and little else."""

from datetime import UTC, datetime
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ParseError

from coditect.api.fields import TextField
from coditect.api.parsers import read_json
from webhooks.services.inbox import IncomingEvent

LONGEST_ID = 255
LATEST = 253_402_300_799
# Of each kind of object, what is worth keeping.
FACTS = {
    "invoice": ("number", "currency", "amount_due", "amount_paid", "attempt_count", "billing_reason"),
    "checkout.session": ("status", "payment_status", "subscription"),
    "subscription": ("status",),
}


class DataSerializer(serializers.Serializer[Any]):
    """What an event is about."""

    object = serializers.DictField()


class EventSerializer(serializers.Serializer[Any]):
    """An event as Stripe sends it: a snapshot of the whole object, unlike a thin event, which has only its id."""

    id = serializers.RegexField(r"\Aevt_[A-Za-z0-9_]+\Z", max_length=LONGEST_ID)
    object = serializers.ChoiceField(choices=["event"])
    type = TextField(max_length=100)
    created = serializers.IntegerField(min_value=0, max_value=LATEST)
    data = DataSerializer()  # type: ignore[assignment]  # Stripe's name


def read_event(body: bytes) -> IncomingEvent:
    """The event in a body whose signature is right. Raises ParseError, also for a thin event."""
    serializer = EventSerializer(data=read_json(body))
    if not serializer.is_valid():
        raise ParseError("This is no snapshot event of Stripe's.")
    event = serializer.validated_data
    about: dict[str, Any] = event["data"]["object"]
    names = FACTS.get(str(about.get("object")), ())
    return IncomingEvent(
        id=event["id"],
        type=event["type"],
        occurred_at=datetime.fromtimestamp(event["created"], tz=UTC),
        customer_id=_id_of(about.get("customer")),
        object_id=_id_of(about),
        facts={name: about[name] for name in names if isinstance(about.get(name), str | int)},
    )


def _id_of(reference: object) -> str:
    """The id of what may be named by it or be there in full."""
    id = reference.get("id") if isinstance(reference, dict) else reference
    return id[:LONGEST_ID] if isinstance(id, str) else ""
