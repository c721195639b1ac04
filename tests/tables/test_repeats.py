"""The repetition table: every creating operation, sent again with the same Idempotency-Key."""

from typing import Any

import pytest

from coditect.journal.models import Event
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.tables.cases import Table, call, case_id, client
from tests.tables.operation import Operation
from tests.tables.operations import OPERATIONS
from tests.tables.world import ANONYMOUS, OUTSIDER, World

CREATING = [
    (operation, dialect) for operation in OPERATIONS for dialect in operation.dialects if operation.success == 201
]
OTHER = {"flat": (400, "idempotency_key_reused"), "enveloped": (422, "idempotency_key_reused")}
KEY = "6f1c-the-same-key"


class Request:
    """One request of an operation, made once and sent as often as one likes."""

    def __init__(self, world: World, operation: Operation, actor: str) -> None:
        person = world.people[actor]
        self.world, self.operation, self.actor = world, operation, actor
        self.path, self.body = operation.path_for(world, person), operation.body_for(world, person)

    def send(self, dialect: str, *, key: str = KEY, **more: Any) -> Answer:
        """The answer in a dialect; `more` changes the body."""
        return call(self.api(dialect, key), self.operation, self.path, self.body | more)

    def api(self, dialect: str, key: str) -> Api:
        """The actor's client, with the key."""
        return client(self.world, dialect, self.actor).with_headers(idempotency_key=key)


def assert_same(answer: Answer, first: Answer) -> None:
    """The answer is a replay of the first one."""
    assert (answer.status, answer.headers.get("Idempotency-Replayed")) == (201, "true"), answer.content[:300]
    assert answer.data == first.data
    assert answer.headers.get("Cache-Control") == first.headers.get("Cache-Control")


@pytest.mark.parametrize(("operation", "dialect"), CREATING, ids=case_id)
def test_repeats(world: World, operation: Operation, dialect: str) -> None:
    table = Table("repetition")
    other = next(name for name in ("flat", "enveloped") if name != dialect)

    with table.case(f"{operation.id} {dialect}: happens once"):
        request = Request(world, operation, operation.sender)
        first, events = request.send(dialect), Event.objects.count()
        assert (first.status, first.headers.get("Idempotency-Replayed")) == (201, None), first.content[:300]
        for _ in range(2):
            assert_same(request.send(dialect), first)
        assert Event.objects.count() == events

    with table.case(f"{operation.id} {dialect}: answers in the other dialect too"):
        request = Request(world, operation, operation.sender)
        first = request.send(dialect)
        assert_same(request.send(other), first)

    with table.case(f"{operation.id} {dialect}: refuses another body"):
        request = Request(world, operation, operation.sender)
        request.send(dialect)
        assert_problem(request.send(dialect, further="field"), *OTHER[dialect])

    with table.case(f"{operation.id} {dialect}: is another caller's own"):
        if ANONYMOUS not in operation.may and OUTSIDER in operation.may:
            Request(world, operation, operation.sender).send(dialect)
            answer = Request(world, operation, OUTSIDER).send(dialect)
            assert (answer.status, answer.headers.get("Idempotency-Replayed")) == (201, None), answer.content[:300]

    for name, bad in {"empty": "", "long": "x" * 256, "control": "a\tb", "foreign": "clé"}.items():
        with table.case(f"{operation.id} {dialect}: refuses a key that is {name}"):
            request = Request(world, operation, operation.sender)
            assert_problem(request.send(dialect, key=bad), 400, "idempotency_key_invalid")
    table.done()
