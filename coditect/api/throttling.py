"""Rate limits: exact under any concurrency, because the counting is one atomic script in Redis.

A window starts with its first request and lasts one minute. While Redis is away requests pass unlimited, since an
outage of ours must not lock a customer out; but guesses at secrets are counted in PostgreSQL then, as exactly. Each of
the two keeps its own windows, so that an outage at worst doubles what passes in its minute.
"""

import ipaddress
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from rest_framework.request import Request

from coditect.api.client import client_ip
from coditect.api.credentials import ScopedCredential, scoped_credential
from coditect.errors import LimitExceeded
from coditect.journal.windows import count_request
from coditect.redis import RedisUnavailable, Script

WINDOW_MS = 60_000
WINDOW = timedelta(milliseconds=WINDOW_MS)
# Counts only what passes: a refused request must not prolong the wait.
# Answers whether it passes, the count, the milliseconds left of the window, and the time in seconds.
COUNT = Script("""
local count = tonumber(redis.call('GET', KEYS[1]) or '0')
local passes = count < tonumber(ARGV[1])
if passes then
  count = redis.call('INCR', KEYS[1])
  if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
end
return {passes and 1 or 0, count, redis.call('PTTL', KEYS[1]), redis.call('TIME')[1]}
""")


@dataclass(frozen=True)
class Limit:
    """At most `requests` a minute for one `subject` of a `scope`; `guards` a secret, so it holds without Redis too."""

    scope: str
    subject: str
    requests: int
    guards: bool = False

    @property
    def key(self) -> str:
        """Where Redis counts it."""
        return f"limit:{self.scope}:{self.subject}"


@dataclass(frozen=True)
class Category:
    """A kind of endpoint and its limit per minute.

    `per_user` counts by user or API token where there is one, else by address.
    """

    scope: str
    requests: int
    per_user: bool = True

    def for_request(self, request: Request) -> Limit:
        """The limit that a request counts against."""
        user_id: UUID | None = request.user.pk if self.per_user and request.user else None
        if user_id:
            credential = scoped_credential(request)
            return self.for_token(credential) if credential else self.for_user(user_id)
        return Limit(self.scope, f"ip:{network_of(request)}", self.requests)

    def for_user(self, user_id: UUID) -> Limit:
        """The limit of one user."""
        return Limit(self.scope, f"user:{user_id}", self.requests)

    def for_token(self, credential: ScopedCredential) -> Limit:
        """The limit of one API token: a busy script does not slow down the person who made its token."""
        return Limit(self.scope, f"token:{credential.id}", self.requests)


DEFAULT = Category("default", 100)
LICENSE_OPERATIONS = Category("license", 100)
VALIDATION = Category("validation", 60, per_user=False)


def network_of(request: Request) -> str:
    """The client's address; for IPv6 its /64, since one customer holds all of it."""
    address = ipaddress.ip_address(client_ip(request))
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.IPv6Network((address, 64), strict=False).network_address)
    return str(address)


def check(limits: Iterable[Limit]) -> dict[str, str]:
    """Count a request against each limit and return the headers of the tightest. Raises LimitExceeded."""
    headers: dict[str, str] = {}
    tightest = math.inf
    for limit in limits:
        counted = _count(limit)
        if counted is None:
            continue
        remaining, found = counted
        if remaining < tightest:
            tightest, headers = remaining, found
    return headers


def limit_headers(*, limit: int, remaining: int, reset_at: int) -> dict[str, str]:
    """The headers of a limited response; `reset_at` in seconds since the epoch."""
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": str(reset_at),
    }


def _count(limit: Limit) -> tuple[int, dict[str, str]] | None:
    allowed: int = limit.requests * settings.RATE_LIMIT_FACTOR
    if not allowed:
        return None
    try:
        counted = _count_in_redis(limit.key, allowed)
    except RedisUnavailable:
        if not limit.guards:
            return None
        counted = _count_in_postgres(limit.key, allowed)
    if not counted.passes:
        raise LimitExceeded(limit=allowed, retry_after=counted.seconds_left, reset_at=counted.reset_at)
    remaining = allowed - counted.count
    return remaining, limit_headers(limit=allowed, remaining=remaining, reset_at=counted.reset_at)


@dataclass(frozen=True, kw_only=True)
class _Counted:
    """A request in its window; `now` is the store's clock, in seconds since the epoch."""

    passes: bool
    count: int
    left: timedelta
    now: int

    @property
    def seconds_left(self) -> int:
        return max(1, math.ceil(self.left.total_seconds()))

    @property
    def reset_at(self) -> int:
        return self.now + self.seconds_left


def _count_in_redis(key: str, allowed: int) -> _Counted:
    passes, count, left_ms, now = COUNT([key], [allowed, WINDOW_MS])
    return _Counted(passes=bool(passes), count=count, left=timedelta(milliseconds=left_ms), now=int(now))


def _count_in_postgres(key: str, allowed: int) -> _Counted:
    found = count_request(key, allowed=allowed, length=WINDOW)
    return _Counted(
        passes=found.count <= allowed,
        count=found.count,
        left=found.ends_at - found.now,
        now=int(found.now.timestamp()),
    )
