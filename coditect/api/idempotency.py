"""`Idempotency-Key`: whoever lost an answer asks again, and gets it, instead of the effect a second time.

Kept are successes only. A refusal has done nothing that the caller asked for; repeating it for a day would keep people
from a seat that has long been free. So the key of a refused request is free again.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.urls import ResolverMatch
from django.utils import timezone
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from coditect.api.credentials import scoped_credential
from coditect.api.encoding import to_json
from coditect.api.results import Created
from coditect.api.throttling import network_of
from coditect.errors import DomainError
from coditect.journal import idempotency as records

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
MAX_CHARACTERS = 255
Result = Created | dict[str, Any]
# What a use case raises on purpose. Anything else is a defect or an outage, which undoes all.
REFUSALS = (DomainError, APIException, Http404, PermissionDenied)


class IdempotencyKeyInvalid(DomainError):
    """A key that is empty, too long, or not made of printable ASCII characters."""

    code = "idempotency_key_invalid"
    message = "Idempotency-Key must have 1 to 255 printable ASCII characters."


class IdempotencyKeyReused(DomainError):
    """The key came with another request before."""

    code = "idempotency_key_reused"
    message = "This Idempotency-Key came with another request before. Use a new key for each request."


ERRORS = (IdempotencyKeyInvalid, IdempotencyKeyReused, records.IdempotencyInProgress)


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What a handler answered, with the headers that it set."""

    result: Result
    headers: dict[str, str]
    is_replay: bool = False


def read_key(request: Request) -> str | None:
    """The request's key; None where it has none. Raises IdempotencyKeyInvalid."""
    key: str | None = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        return None
    if not (key and len(key) <= MAX_CHARACTERS and key.isascii() and key.isprintable()):
        raise IdempotencyKeyInvalid
    return key


def answer_once(request: Request, key: str, act: Callable[[], Answered], *, caller: str) -> Answered:
    """What `act` answers, or did answer to the same request of this caller with this key.

    A use case may commit something and then refuse, such as the expiry of a dead seat and a denial. So a refusal is a
    value in here: the transaction around it is committed, and only then it is raised.

    Raises IdempotencyKeyReused, IdempotencyInProgress, and what `act` raises.
    """
    with transaction.atomic():
        outcome = _answer_or_refusal(request, hash_of_key(caller, key), act)
    if isinstance(outcome, Answered):
        return outcome
    raise outcome


def answer_once_outside(request: Request, key: str, act: Callable[[], Answered], *, caller: str) -> Answered:
    """The same for what asks another server: no transaction is open while it does.

    Were this process to die between the effect and the answer, the same request with the same key would `act` again:
    the use case must see to it that nothing happens twice by that.

    Raises IdempotencyKeyReused, IdempotencyInProgress, and what `act` raises.
    """
    scope, asked = hash_of_key(caller, key), fingerprint(request)
    with records.held(scope):
        kept = records.kept_answer(scope, now=timezone.now())
        if kept is not None:
            replay = _replay(kept, asked)
            if isinstance(replay, Answered):
                return replay
            raise replay
        answered = act()
        with transaction.atomic():
            records.claim(scope, now=timezone.now())
            records.keep_answer(scope, _write(answered, asked))
    return answered


def _answer_or_refusal(request: Request, scope: str, act: Callable[[], Answered]) -> Answered | Exception:
    kept = records.claim(scope, now=timezone.now())
    if kept is not None:
        return _replay(kept, fingerprint(request))
    try:
        answered = act()
    except REFUSALS as refusal:
        records.give_back(scope)
        return refusal
    records.keep_answer(scope, _write(answered, fingerprint(request)))
    return answered


def caller_of(request: Request) -> str:
    """Whose keys a request brings: the user's, the API token's, or without log-in a network's for one endpoint."""
    credential = scoped_credential(request)
    if credential is not None:
        return f"token:{credential.id}"
    if request.user:
        return f"user:{request.user.pk}"
    return f"network:{network_of(request)}:{_route(request).url_name}"


def hash_of_key(caller: str, key: str) -> str:
    """Under what an answer is kept: one caller's key is not another's."""
    return hashlib.sha256(f"{caller} {key}".encode()).hexdigest()


def fingerprint(request: Request) -> str:
    """What makes two requests the same: endpoint, organization and values, in either dialect.

    It is kept sealed only: the body may hold a password, which a bare hash would give away to patience.
    """
    match = _route(request)
    path = {name: str(value) for name, value in match.kwargs.items()}
    asked = [match.url_name, path, request.META.get("HTTP_X_ORGANIZATION_ID"), request.GET.urlencode(), request.data]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _route(request: Request) -> ResolverMatch:
    return cast("ResolverMatch", request.resolver_match)


def _write(answered: Answered, asked: str) -> str:
    is_new = isinstance(answered.result, Created)
    data = answered.result.data if isinstance(answered.result, Created) else answered.result
    return to_json({"asked": asked, "is_new": is_new, "data": data, "headers": answered.headers})


def _replay(kept: str, asked: str) -> Answered | IdempotencyKeyReused:
    found = json.loads(kept)
    if found["asked"] != asked:
        return IdempotencyKeyReused()
    result = Created(found["data"]) if found["is_new"] else found["data"]
    return Answered(result=result, headers=found["headers"], is_replay=True)
