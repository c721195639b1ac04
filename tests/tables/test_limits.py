"""The limit table: every operation up to its limit, and guessers at the log-in; with Redis and without."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import pytest
from django.db import transaction
from pytest_django import Settings

from accounts.models import Role
from coditect import redis
from coditect.journal.models import RateWindow
from tests.api.outages import redis_away
from tests.api.shapes import assert_problem
from tests.dialects import NAMES, Answer, Api
from tests.tables.cases import CASES, Table, call, case_id, client
from tests.tables.operation import Operation
from tests.tables.world import World

UNLIMITED = {"GET health", "GET ready"}
BEATS = {"PATCH heartbeat", "POST heartbeat-by-body"}
# Counted by address and account, or by login session: guesses, and what sends mails to an address.
GUARDED = {
    *("POST register", "POST log-in", "POST request-code", "POST verify-code", "POST forgot-password"),
    *("POST reset-password", "POST resend-verification", "POST verify-email", "GET verify-email"),
    *("POST change-password", "POST change-email", "POST confirm-change-email", "DELETE totp"),
    *("DELETE me", "DELETE me-short"),
}
LIMITS = {"POST validate": 60, "POST refresh": 5, **dict.fromkeys(BEATS, 20), **dict.fromkeys(GUARDED, 5)}
STORES: dict[str, Callable[[], AbstractContextManager[None]]] = {"Redis": nullcontext, "PostgreSQL": redis_away}
SPOOFED = [
    "X-Forwarded-For",
    "Forwarded",
    "X-Real-IP",
    "X-Client-IP",
    "X-Cluster-Client-IP",
    "X-Originating-IP",
    "X-Remote-IP",
    "X-Remote-Addr",
    "True-Client-IP",
    "CF-Connecting-IP",
    "Fastly-Client-IP",
    "Via",
    "User-Agent",
    "Authorization",
    "X-API-Key",
    "X-Organization-Id",
    "Idempotency-Key",
    "X-HTTP-Method-Override",
    "Cache-Control",
]
SPELLINGS = {
    "as it is": "ada@example.com",
    "upper case": "ADA@EXAMPLE.COM",
    "mixed case": "aDa@Example.com",
    "space before": "  ada@example.com",
    "space behind": "ada@example.com  ",
    "tab and line break": "\tada@example.com\r\n",
}
# What X-Forwarded-For says of six requests, and how many of them pass five a minute.
NETWORKS = {
    "one IPv4": (["203.0.113.7"] * 6, 5),
    "one IPv4 with ports": ([f"203.0.113.7:{port}" for port in range(6)], 5),
    "one IPv4 in IPv6": (["203.0.113.7", "::ffff:203.0.113.7"] * 3, 5),
    "claims before ours": ([f"198.51.100.{number}, 203.0.113.7" for number in range(6)], 5),
    "one IPv6 /64": ([f"2001:db8:1:2::{number}" for number in range(6)], 5),
    "one IPv6 /64 spelled otherwise": ([f"[2001:DB8:1:2:{number}::1]:443" for number in range(6)], 5),
    "another IPv6 /64 each": ([f"2001:db8:1:{number}::1" for number in range(6)], 6),
    "another IPv4 each": ([f"203.0.113.{number}" for number in range(6)], 6),
    "no address at all": ([f"garbage-{number}" for number in range(6)], 5),
}


def guess(api: Api, email: str = "ada@example.com") -> Answer:
    """A log-in that fails."""
    return api.post("log-in", {"email": email, "password": "wrong"})


def assert_limited(answer: Answer, limit: int) -> None:
    """A 429 with the whole truth in its headers."""
    assert_problem(answer, 429, "rate_limit_exceeded")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert (answer.headers["X-RateLimit-Limit"], answer.headers["X-RateLimit-Remaining"]) == (str(limit), "0")
    assert int(answer.headers["X-RateLimit-Reset"]) > 1_700_000_000


def assert_five_pass(answers: list[Answer], passing: int = 5) -> None:
    """As many wrong guesses as may be, and then an end to it."""
    assert [answer.status for answer in answers] == [401] * passing + [429] * (len(answers) - passing)
    if passing < len(answers):
        assert_limited(answers[-1], 5)


@contextmanager
def counted_in(table: Table, store: str, name: str) -> Iterator[None]:
    """A case with its counts in one store, none left in the other."""
    with table.case(f"{store}: {name}"):
        with STORES[store]():
            yield
        assert RateWindow.objects.exists() == (store == "PostgreSQL")


class Sender:
    """Sends one operation as the owner, again and again; what a request ends or deletes is there for the next one."""

    def __init__(self, world: World, operation: Operation, dialect: str) -> None:
        self.api, self.operation = client(world, dialect, Role.OWNER), operation
        self.path = operation.path_for(world, world.owner)
        self.body = operation.body_for(world, world.owner)

    def send(self) -> Answer:
        """The answer, its effect undone; what Redis counted stays."""
        with transaction.atomic():
            answer = call(self.api, self.operation, self.path, self.body)
            transaction.set_rollback(True)
        return answer

    def use_up(self, limit: int) -> None:
        """Leave one request: by asking, or where that takes long, by setting the tightest count."""
        if self.operation.id in BEATS:
            assert [self.send().status for _ in range(limit - 2)] == [200] * (limit - 2)
        else:
            # "auth:" comes after "auth-account:" and "auth-ip:", which are wider.
            keys = sorted(key.decode() for key in redis.client.scan_iter("limit:*"))
            redis.client.set(keys[-1], limit - 1, keepttl=True)


@pytest.mark.parametrize(("operation", "dialect"), CASES, ids=case_id)
def test_exactly_the_limit_passes(world: World, operation: Operation, dialect: str) -> None:
    table, limit = Table("limit"), LIMITS.get(operation.id, 100)
    sender = Sender(world, operation, dialect)
    with table.case(f"{operation.id} {dialect}"):
        first = sender.send()
        told = first.headers.get("X-RateLimit-Limit"), first.headers.get("X-RateLimit-Remaining")
        if operation.id in UNLIMITED:
            assert told == (None, None)
        else:
            assert told == (str(limit), str(limit - 1))
            sender.use_up(limit)
            assert sender.send().headers["X-RateLimit-Remaining"] == "0"
            assert_limited(sender.send(), limit)
    table.done()


@pytest.mark.parametrize(("operation", "dialect"), CASES, ids=case_id)
def test_without_redis_guesses_alone_are_counted(world: World, operation: Operation, dialect: str) -> None:
    table, api, is_guarded = Table("limit"), client(world, dialect, Role.OWNER), operation.id in GUARDED
    path = operation.path_for(world, world.owner)
    with table.case(f"{operation.id} {dialect} without Redis"), redis_away():
        # An empty body counts, and ends nothing.
        answers = [call(api, operation, path, {}) for _ in range(7)]
        assert [answer.status == 429 for answer in answers] == [False] * 5 + [is_guarded] * 2
        assert [("X-RateLimit-Limit" in answer.headers) for answer in answers] == [is_guarded] * 7
        assert RateWindow.objects.exists() == is_guarded
    table.done()


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("dialect", NAMES)
def test_guessers_cannot_hide(world: World, dialect: str, store: str, settings: Settings) -> None:
    table, api = Table("limit"), Api(dialect)
    for header in SPOOFED:
        with counted_in(table, store, f"{dialect} {header}"):
            tries = [api.with_headers(**{header: f"203.0.113.{number}"}) for number in range(6)]
            assert_five_pass([guess(each) for each in tries])
    with counted_in(table, store, f"{dialect} mail variants"):
        assert_five_pass([guess(api, email) for email in SPELLINGS.values()])
    for name, email in SPELLINGS.items():
        with counted_in(table, store, f"{dialect} {name}"):
            assert_five_pass([*(guess(api) for _ in range(5)), guess(api, email)])
    settings.TRUSTED_PROXIES = 1
    for name, (hops, passing) in NETWORKS.items():
        with counted_in(table, store, f"{dialect} {name}"):
            assert_five_pass([guess(api.with_headers(x_forwarded_for=hop)) for hop in hops], passing)
    settings.RATE_LIMIT_FACTOR = 2
    with counted_in(table, store, f"{dialect} factor"):
        answers = [guess(api) for _ in range(11)]
        assert [answer.status for answer in answers] == [401] * 10 + [429]
        assert_limited(answers[-1], 10)
    table.done()
