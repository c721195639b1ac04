"""Holds every public event that any test records to what the catalogue says of its type: what it tells, and whence."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import jsonschema_rs

from coditect.api.schema.events import body
from coditect.api.schema.shapes import Shapes
from coditect.journal.catalogue import PUBLIC_TYPES, public_event
from coditect.journal.models import Event, EventQuerySet
from tests.schema.conformance import closed
from webhooks.payloads import LOOKED_UP

# Collected rather than raised: much of the code that records events survives whatever goes wrong with one of them.
faults: list[str] = []
# Since the test began, each with those of its claimants that were at work.
recorded: list[tuple[Event, set[str]]] = []


@cache
def validator(event_type: str) -> jsonschema_rs.Draft202012Validator:
    """What the data of a type is held to, to the last field."""
    shapes = Shapes()
    schema = body(public_event(event_type), shapes)["properties"]["data"]
    components = {"schemas": {name: closed(shape) for name, shape in shapes.components.items()}}
    return jsonschema_rs.Draft202012Validator(schema | {"components": components}, validate_formats=True)


def faults_of(event: Event) -> list[str]:
    """What is wrong with what an event tells."""
    looked_up = {LOOKED_UP: None} if LOOKED_UP in public_event(event.type).data.__annotations__ else {}
    found = [error.message for error in validator(event.type).iter_errors(event.data | looked_up)]
    found += [f"{name} is looked up, not recorded" for name in looked_up if name in event.data]
    return found + ([] if event.organization_id else ["it is nobody's"])


def claimants_of(event: Event) -> set[str]:
    """Those who claim to record events of this type, and are at it."""
    found, frame = set(), sys._getframe()
    while frame.f_back is not None:
        frame = frame.f_back
        found.add(f"{frame.f_globals.get('__name__')}.{frame.f_code.co_name}")
    return found & set(public_event(event.type).emitted_by)


@contextmanager
def watched() -> Iterator[None]:
    """Inside, all events are looked at on their way into the journal."""
    insert = EventQuerySet.bulk_create

    def bulk_create(rows: EventQuerySet, events: Iterable[Event], *args: Any, **options: Any) -> list[Event]:
        new = list(events)
        for event in new:
            look_at(event)
        return insert(rows, new, *args, **options)

    EventQuerySet.bulk_create = bulk_create  # type: ignore[assignment, method-assign]  # it does all that it did before
    yield
    EventQuerySet.bulk_create = insert  # type: ignore[method-assign]  # put back


def look_at(event: Event) -> None:
    """Note a public event, and what is wrong with it."""
    if event.type not in PUBLIC_TYPES:
        return
    claimants = claimants_of(event)
    recorded.append((event, claimants))
    faults.extend(f"{event.type}: {fault}" for fault in faults_of(event))
    if not claimants:
        faults.append(f"{event.type}: none of those in its `emitted_by` records it")
