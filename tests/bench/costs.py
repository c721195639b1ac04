"""What an operation costs in things that can be counted: SQL statements, round trips to Redis, bytes in Redis."""

import json
import math
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest.mock import patch
from uuid import UUID

from django.db import connection
from django.test.utils import CaptureQueriesContext, override_settings, setup_test_environment
from django.utils import timezone
from redis.connection import AbstractConnection, Connection

from coditect.redis import client
from licenses import leases
from licenses.models import License, SeatSession
from licenses.serializers.seats import heartbeat_interval
from tests.dialects import Answer, Api
from tests.factories import Person, make_license, make_person

TRANSACTION = ("BEGIN", "COMMIT")
SAVEPOINTS = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")
SIZES = (10, 100, 1000)
AUTHENTICATION = ('FROM "accounts_loginsession"', 'FROM "accounts_membership"')


@dataclass
class Cost:
    """What one request took; `statements` are those beside authentication and the marks of transactions."""

    statements: list[str] = field(default_factory=list)
    authentication: int = 0
    savepoints: int = 0
    round_trips: int = 0

    def add_statement(self, sql: str) -> None:
        """Count a statement where it belongs."""
        if sql.startswith(SAVEPOINTS):
            self.savepoints += 1
        elif any(table in sql for table in AUTHENTICATION):
            self.authentication += 1
        elif not sql.startswith(TRANSACTION):
            self.statements.append(sql)


@contextmanager
def counting() -> Iterator[Cost]:
    """Count what happens inside: every statement that Django sends and every packet of commands to Redis."""
    cost = Cost()
    send: Callable[..., None] = Connection.send_packed_command

    caller = threading.get_ident()

    def counted(own: AbstractConnection, *arguments: object, **options: object) -> None:
        # Hints go to the worker from a thread of their own: nobody waits for those.
        cost.round_trips += threading.get_ident() == caller
        send(own, *arguments, **options)

    with CaptureQueriesContext(connection) as queries, patch.object(Connection, "send_packed_command", counted):
        yield cost
    for query in queries:
        cost.add_statement(query["sql"])


def cost_of(request: Callable[[], Answer], *, status: int) -> Cost:
    """What a request cost. Raises AssertionError for another status than the expected one."""
    with counting() as cost:
        answer = request()
    if answer.status != status:
        raise AssertionError(f"{answer.status} instead of {status}: {answer.content!r}")
    return cost


def measure_operations(api: Api, person: Person, license: License) -> dict[str, Cost]:
    """The cost of each operation on a license whose leases are in Redis."""
    caller = api.as_bearer(person.token)

    def acquire() -> Answer:
        return caller.post("acquire", {"license_key": license.key_string, "hardware_id": secrets.token_hex(16)})

    def validate() -> Answer:
        return api.post("validate", {"key_string": license.key_string})

    # The first time a process signs it needs a key, and a Redis that is new does not know the scripts.
    validate()
    first = acquire().data["session_id"]
    caller.patch("heartbeat", session_id=first)
    caller.post("release", {"session_id": first})
    client.flushdb()
    held = [acquire().data["session_id"] for _ in range(2)]
    return {
        "heartbeat": cost_of(lambda: caller.patch("heartbeat", session_id=held[0]), status=200),
        "heartbeat by body": cost_of(lambda: caller.post("heartbeat-by-body", {"session_id": held[0]}), status=200),
        "acquire": cost_of(acquire, status=201),
        "release": cost_of(lambda: caller.post("release", {"session_id": held[1]}), status=200),
        "validate, cold": cost_of(validate, status=200),
        "validate": cost_of(validate, status=200),
    }


def bytes_per_session(license: License, *, user_id: UUID, sessions: int, beating: float) -> float:
    """What Redis needs for each of some live sessions, a share of which beat in this minute and were counted."""
    now = timezone.now()
    held = [
        SeatSession(
            id=leases.new_session_id(license.lease_group),
            license=license,
            user_id=user_id,
            hardware_id=secrets.token_hex(16),
            slot=slot,
            started_at=now,
            expires_at=now,
        )
        for slot in range(1, sessions + 1)
    ]
    leases.seed(license, held, now=now)
    for session in held[: math.ceil(sessions * beating)]:
        leases.beat(session.pk, user_id=user_id)
    keys = client.scan_iter(match=f"*{{{license.lease_group}}}*", count=1000)
    return sum(int(client.memory_usage(key, samples=0) or 0) for key in keys) / sessions


def usual_share() -> float:
    """How many of the sessions beat in any one minute, where clients beat as often as they are told."""
    return 60 / heartbeat_interval()


def main() -> None:
    """Print the costs as JSON."""
    setup_test_environment()
    person = make_person()
    license = make_license(person.organization, seats=10)
    counted = measure_operations(Api("flat"), person, license)
    operations = {name: _numbers(cost) for name, cost in counted.items()}
    print(json.dumps({"operations": operations, "bytes": _sizes(person)}))  # noqa: T201 (what the command is for)


def _numbers(cost: Cost) -> list[int]:
    return [len(cost.statements), cost.authentication, cost.savepoints, cost.round_trips]


@override_settings(SEAT_TTL_SECONDS=360)
def _sizes(person: Person) -> dict[int, list[float]]:
    """Bytes by sessions per license: when sessions beat as they are told, and when all beat in the same minute."""
    sizes: dict[int, list[float]] = {}
    for sessions in SIZES:
        for beating in (usual_share(), 1.0):
            license = make_license(person.organization, seats=sessions)
            size = bytes_per_session(license, user_id=person.user_id, sessions=sessions, beating=beating)
            sizes.setdefault(sessions, []).append(size)
    return sizes
