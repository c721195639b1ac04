"""Runs cases of a table: each in a savepoint that is undone, all of an operation before its test fails."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import transaction

from coditect import redis
from tests.dialects import Answer, Api
from tests.tables.operation import Operation
from tests.tables.operations import OPERATIONS
from tests.tables.world import ANONYMOUS, World

SIZES: Counter[str] = Counter()
CASES = [(operation, dialect) for operation in OPERATIONS for dialect in operation.dialects]


def case_id(value: object) -> str:
    """How pytest names a case."""
    return value.id if isinstance(value, Operation) else str(value)


class Table:
    """Counts the cases of one table, and collects what is wrong with them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.wrong: list[str] = []

    @contextmanager
    def case(self, name: str, *, count: int = 1) -> Iterator[None]:
        """One case, or several in one request: what fails is kept, its changes are undone, in PostgreSQL and Redis."""
        SIZES[self.name] += count
        try:
            with transaction.atomic():
                yield
                transaction.set_rollback(True)
        except AssertionError as error:
            self.wrong.append(f"{name}: {error}")
        finally:
            redis.client.flushdb()

    def judge(self, name: str, *, is_good: bool) -> None:
        """One case that asks for nothing and changes nothing."""
        SIZES[self.name] += 1
        if not is_good:
            self.wrong.append(name)

    def done(self) -> None:
        """Fail where a case did."""
        assert not self.wrong, "\n".join(self.wrong)


def client(world: World, dialect: str, actor: str) -> Api:
    """The API as an actor calls it."""
    return Api(dialect) if actor == ANONYMOUS else Api(dialect, world.people[actor].token)


Sender = Callable[..., Answer]


def call(api: Api, operation: Operation, path: dict[str, object], body: dict[str, object] | None) -> Answer:
    """Send an operation."""
    url = api.url(operation.name, **path)
    if not operation.is_write:
        return api.send(operation.method, url, query=body)
    return api.send(operation.method, url, body=body or None)
