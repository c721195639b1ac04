"""Whether somebody is kept from logging in just now, and their release: for the staff of the service."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from accounts.models import LogInCode, TotpDevice, User
from accounts.services.one_time_codes import TRIES as CODE_TRIES
from accounts.services.one_time_codes import hash_address
from accounts.services.totp import TRIES as TOTP_TRIES
from accounts.services.totp import TRIES_WITHIN
from coditect.journal.models import RateWindow
from coditect.journal.services import record_event
from coditect.redis import RedisUnavailable, ask

SCAN_COUNT = 1000


@dataclass(frozen=True, kw_only=True)
class Counter:
    """Something that is counted against a user: `count` tries of a kind, forgotten in so many seconds."""

    kind: str
    count: int
    seconds_left: int


@dataclass(frozen=True, kw_only=True)
class Lockouts:
    """All that is counted; without Redis its part is unknown."""

    counters: Sequence[Counter]
    redis_answers: bool


def account_target(account: str) -> str:
    """How limits name an account."""
    return hashlib.sha256(account.encode()).hexdigest()[:32]


def lockouts_of(*, user: User, now: datetime) -> Lockouts:
    """What is counted against a user's log-ins."""
    found = [*_windows(user, now=now), *_totp(user, now=now), *_codes(user, now=now)]
    try:
        return Lockouts(counters=[*_in_redis(user), *found], redis_answers=True)
    except RedisUnavailable:
        return Lockouts(counters=found, redis_answers=False)


def release_log_in(*, user: User, now: datetime) -> bool:
    """Forget what is counted against a user's log-ins; false where Redis was away and has kept its part."""
    _forget_in_database(user, now=now)
    try:
        for key in _keys(user):
            ask(lambda client, key=key: client.delete(key))  # type: ignore[misc]  # the default binds the key
    except RedisUnavailable:
        return False
    return True


@transaction.atomic
def _forget_in_database(user: User, *, now: datetime) -> None:
    RateWindow.objects.filter(_of(user)).delete()
    TotpDevice.objects.filter(user=user).update(failures=0, failing_since=None)
    LogInCode.objects.filter(address_hash=hash_address(user.email), used_at=None, expires_at__gt=now).update(tries=0)
    record_event("user.log_in_released", user, at=now, organization_id=None)


def _of(user: User) -> Q:
    target = account_target(user.email)
    return Q(key=f"limit:auth-account:{target}") | Q(key__startswith="limit:auth:", key__endswith=f":{target}")


def _keys(user: User) -> list[str]:
    """Where Redis counts tries at a user's account: altogether, and from each address. Raises RedisUnavailable."""
    target = account_target(user.email)
    found = ask(lambda client: list(client.scan_iter(match=f"limit:auth:*:{target}", count=SCAN_COUNT)))
    return [f"limit:auth-account:{target}", *(key.decode() for key in sorted(found))]


def _in_redis(user: User) -> list[Counter]:
    return [counter for key in _keys(user) if (counter := _read(key)) is not None]


def _read(key: str) -> Counter | None:
    count, left_ms = ask(lambda client: (client.get(key), client.pttl(key)))
    return None if count is None else Counter(kind=_kind(key), count=int(count), seconds_left=max(0, left_ms) // 1000)


def _windows(user: User, *, now: datetime) -> list[Counter]:
    open_ones = RateWindow.objects.filter(_of(user), ends_at__gt=now).order_by("key")
    return [
        Counter(kind=_kind(window.key), count=window.count, seconds_left=int((window.ends_at - now).total_seconds()))
        for window in open_ones
    ]


def _kind(key: str) -> str:
    """A limit in words: `limit:auth:<address>:<account>` or `limit:auth-account:<account>`."""
    scope, _, rest = key.removeprefix("limit:").partition(":")
    return f"tries from {rest.rpartition(':')[0]}" if scope == "auth" else "tries from all addresses"


def _totp(user: User, *, now: datetime) -> list[Counter]:
    device = TotpDevice.objects.filter(user=user, failures__gt=0, failing_since__gt=now - TRIES_WITHIN).first()
    if device is None or device.failing_since is None:
        return []
    left = device.failing_since + TRIES_WITHIN - now
    kind = f"wrong second factors, of {TOTP_TRIES}"
    return [Counter(kind=kind, count=device.failures, seconds_left=int(left.total_seconds()))]


def _codes(user: User, *, now: datetime) -> list[Counter]:
    codes = LogInCode.objects.filter(address_hash=hash_address(user.email), used_at=None, expires_at__gt=now)
    code = codes.order_by("-created_at").first()
    if code is None or not code.tries:
        return []
    left = int((code.expires_at - now).total_seconds())
    return [Counter(kind=f"tries of the last mailed code, of {CODE_TRIES}", count=code.tries, seconds_left=left)]
