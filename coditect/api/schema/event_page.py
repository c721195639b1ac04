"""The same for people: docs/webhook-events.md."""

from collections.abc import Iterator

from coditect.api.schema.events import events
from coditect.api.schema.shapes import Schema, Shapes

INTRODUCTION = """\
# Events

<!-- Written by `make schema` from the source. Do not edit. -->

What a webhook may be sent. Each body is `{"id", "type", "timestamp", "organization_id", "data"}`: the event's id, which
is also its `webhook-id`; its type; when it happened; the organization it concerns; and what its type's table tells.
A webhook whose `events` is `*` gets all of these types, and those that come to be.

Ids are UUIDs, times are RFC 3339 in UTC. Objects may get more fields: ignore those that you do not know. Keys are never
sent, but for how they end. `docs/openapi` has the same as JSON Schema, under `webhooks`.
"""
WORDS = {"uuid": "id", "date-time": "time"}


def event_page() -> str:
    """The page: all types, then a table of fields for each."""
    shapes = Shapes()
    found = [(event, shapes.schema(event.data)["$ref"].rpartition("/")[2]) for event in events()]
    overview = [f"| [`{event.type}`](#{_anchor(event.type)}) | {event.summary} |" for event, _ in found]
    parts = [INTRODUCTION, "\n".join(["| type | what happened |", "|---|---|", *overview]) + "\n"]
    for event, name in found:
        schema = shapes.components[name]
        about = f"## {event.type}\n\n{event.summary} `data`: {_lowered(schema['description'])}\n"
        parts += [about, "\n".join(["| field | type | |", "|---|---|---|", *_rows(schema)]) + "\n"]
    return "\n".join(parts)


def _anchor(event_type: str) -> str:
    """As GitHub makes it of a heading."""
    return event_type.replace(".", "")


def _lowered(text: str) -> str:
    return text[0].lower() + text[1:]


def _rows(schema: Schema) -> Iterator[str]:
    for name, field in schema["properties"].items():
        yield f"| `{name}` | {_kind(field)} | {field.get('description', '')} |"


def _kind(field: Schema) -> str:
    """A field's type in words."""
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    kinds = field.get("type", "any")
    first, *rest = [str(kind) for kind in kinds] if isinstance(kinds, list) else [str(kinds)]
    if first == "array":
        items = field["items"]
        return f"list of {_kind(items)}" if items else "list"
    word = WORDS.get(field.get("format", ""), first)
    return " or ".join([word, *rest])
