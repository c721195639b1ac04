"""Each type of the catalogue is recorded by each path that claims it, and told as its schema says."""

import json

import jsonschema_rs
import pytest

from coditect.api.schema.events import body
from coditect.api.schema.shapes import Shapes
from coditect.journal.catalogue import PUBLIC_TYPES, public_event
from coditect.journal.models import Event
from tests.public_events import billing, licenses, members, seats, watch  # noqa: F401 (cases register themselves)
from tests.public_events.scene import CASES, Scene
from tests.schema.conformance import closed
from webhooks.payloads import body_of

CLAIMS = [(name, path) for name in PUBLIC_TYPES for path in public_event(name).emitted_by]


def faults_of(event: Event) -> list[str]:
    """What is wrong with what a receiver gets to see of an event."""
    shapes = Shapes()
    schema = closed(body(public_event(event.type), shapes))
    components = {"schemas": {name: closed(shape) for name, shape in shapes.components.items()}}
    validator = jsonschema_rs.Draft202012Validator(schema | {"components": components}, validate_formats=True)
    sent = json.loads(body_of(Event.objects.get(pk=event.pk)))
    return [error.message for error in validator.iter_errors(sent)]


class TestPublicEvent:
    @pytest.mark.parametrize(("event_type", "path"), CLAIMS, ids=lambda value: value)
    def test_is_recorded_by_who_claims_it(self, scene: Scene, event_type: str, path: str) -> None:
        CASES[event_type, path](scene)
        found = [event for event, claimants in watch.recorded if event.type == event_type and path in claimants]
        assert found != []
        assert [fault for event in found for fault in faults_of(event)] == []

    def test_has_a_case_for_each_claim_and_no_other(self) -> None:
        assert set(CASES) == set(CLAIMS)
