"""What customers are sent, as schemas: the same in both dialects' documents."""

from collections.abc import Iterator

from coditect.api.schema.shapes import Schema, Shapes
from coditect.journal.catalogue import PUBLIC_TYPES, PublicEvent, public_event

HEADERS: dict[str, tuple[str, Schema]] = {
    "webhook-id": (
        "The same as `id` in the body, at each try: by it a receiver knows what it has seen.",
        {"type": "string", "format": "uuid"},
    ),
    "webhook-timestamp": (
        "When this try was signed, in seconds since the epoch. Refuse what is older than five minutes.",
        {"type": "string", "pattern": "^[0-9]+$"},
    ),
    "webhook-signature": (
        "`v1,` and the HMAC-SHA256 of `<webhook-id>.<webhook-timestamp>.<body>` in base64; two while two secrets work.",
        {"type": "string", "pattern": "^v1,[^ ]+( v1,[^ ]+)?$"},
    ),
    "X-Coditect-Signature": (
        'The same for those who verify Stripe\'s: `t=<time>,v1=<HMAC-SHA256 of "<time>.<body>" in hexadecimal>`.',
        {"type": "string", "pattern": "^t=[0-9]+(,v1=[0-9a-f]{64}){1,2}$"},
    ),
}
COMPONENTS: dict[str, Schema] = {
    name: {"name": name, "in": "header", "required": True, "description": text, "schema": schema}
    for name, (text, schema) in HEADERS.items()
}
ANSWER = "Any status of 200 to 299, within 15 seconds, is a receipt. Everything else is tried again."


def webhooks(shapes: Shapes) -> dict[str, Schema]:
    """A request that receivers get, for each public event; its data's shape becomes a component."""
    return {event.type: {"post": _request(event, shapes)} for event in events()}


def events() -> Iterator[PublicEvent]:
    """All public events, as declared."""
    return map(public_event, PUBLIC_TYPES)


def body(event: PublicEvent, shapes: Shapes) -> Schema:
    """What is sent of an event."""
    properties: dict[str, Schema] = {
        "id": {"type": "string", "format": "uuid"},
        "type": {"const": event.type},
        "timestamp": {"type": "string", "format": "date-time", "description": "When it happened."},
        "organization_id": {"type": "string", "format": "uuid"},
        "data": shapes.schema(event.data),
    }
    return {"type": "object", "properties": properties, "required": list(properties)}


def _request(event: PublicEvent, shapes: Shapes) -> Schema:
    return {
        "summary": event.summary,
        "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in COMPONENTS],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body(event, shapes)}}},
        "responses": {"2XX": {"description": ANSWER}},
        "security": [],
    }
