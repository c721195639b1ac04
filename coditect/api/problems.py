"""A problem: any failure of a request, before a dialect puts it into words."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError
from django.http import Http404
from psycopg import errors as pg
from rest_framework import exceptions as drf

from coditect.api.idempotency import IdempotencyKeyInvalid, IdempotencyKeyReused
from coditect.api.queries import InvalidQuery
from coditect.api.throttling import limit_headers
from coditect.errors import (
    Conflict,
    DomainError,
    Forbidden,
    InvalidInput,
    InvalidLines,
    LimitExceeded,
    NotFound,
    Rejected,
    Unauthenticated,
    Unavailable,
)

STATUSES: dict[type[DomainError], HTTPStatus] = {
    InvalidQuery: HTTPStatus.BAD_REQUEST,
    IdempotencyKeyInvalid: HTTPStatus.BAD_REQUEST,
    IdempotencyKeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidLines: HTTPStatus.UNPROCESSABLE_ENTITY,
    Rejected: HTTPStatus.BAD_REQUEST,
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    LimitExceeded: HTTPStatus.TOO_MANY_REQUESTS,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
# serializer error codes that mean "missing or of the wrong type"; all others mean "well-formed but unacceptable"
MALFORMED = {"required", "null", "invalid", "not_a_list", "not_a_dict", "blank"}
RETRY_AFTER_SECONDS = 2


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What went wrong, independent of dialect. `errors` maps a field to its messages."""

    status: HTTPStatus
    code: str
    message: str
    details: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


def not_found() -> Problem:
    """The answer for an unknown path or object."""
    return from_domain_error(NotFound())


def internal_error() -> Problem:
    """The answer for a defect of ours; it tells nothing about it."""
    return Problem(
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        code="internal_error",
        message="Something went wrong on our side. The request id helps us find it.",
    )


def malformed(message: str, *, field_name: str | None = None) -> Problem:
    """A request that cannot be read."""
    details = {"field": field_name, "reason": "invalid"} if field_name else {}
    errors = {field_name: [message]} if field_name else {}
    return Problem(
        status=HTTPStatus.BAD_REQUEST, code="invalid_request", message=message, details=details, errors=errors
    )


def from_exception(error: Exception) -> Problem | None:
    """The problem that an exception stands for, or None where it is a defect."""
    for kind, convert in CONVERSIONS.items():
        if isinstance(error, kind):
            return convert(error)
    return None


def status_of(kind: type[DomainError]) -> HTTPStatus:
    """The status of a kind of domain error."""
    return next(STATUSES[base] for base in kind.__mro__ if base in STATUSES)


def from_domain_error(error: DomainError) -> Problem:
    """A domain error with the status of its kind."""
    status = status_of(type(error))
    headers: dict[str, str] = {}
    errors: dict[str, list[str]] = {}
    details = dict(error.details)
    if isinstance(error, LimitExceeded):
        headers = {"Retry-After": str(error.retry_after)} | limit_headers(
            limit=error.limit, remaining=0, reset_at=error.reset_at
        )
    elif isinstance(error, Unavailable):
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    elif isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    elif isinstance(error, InvalidInput | InvalidQuery):
        errors = {error.field: [error.text]}
        details = {"field": error.field, "reason": "invalid"}
    return Problem(status=status, code=error.code, message=error.text, details=details, errors=errors, headers=headers)


def _from_validation(error: drf.ValidationError) -> Problem:
    found = list(_flatten(error.detail))
    errors: dict[str, list[str]] = {}
    for name, detail in found:
        errors.setdefault(name, []).append(str(detail))
    first_name, first = found[0]
    is_malformed = any(detail.code in MALFORMED for _, detail in found)
    return Problem(
        status=HTTPStatus.BAD_REQUEST if is_malformed else HTTPStatus.UNPROCESSABLE_ENTITY,
        code="invalid_request" if is_malformed else "validation_failed",
        message=str(first),
        details={"field": first_name, "reason": first.code},
        errors=errors,
    )


def _flatten(detail: Any, name: str = "") -> Iterator[tuple[str, drf.ErrorDetail]]:
    if isinstance(detail, Mapping):
        for key, value in detail.items():
            yield from _flatten(value, f"{name}.{key}" if name else str(key))
    elif isinstance(detail, list):
        for item in detail:
            yield from _flatten(item, name)
    else:
        yield name or "non_field_errors", detail


def _from_framework(error: drf.APIException) -> Problem:
    status = HTTPStatus(error.status_code)
    codes = {
        HTTPStatus.BAD_REQUEST: "invalid_request",
        HTTPStatus.UNAUTHORIZED: "authentication_required",
        HTTPStatus.FORBIDDEN: "permission_denied",
        HTTPStatus.NOT_FOUND: "not_found",
        HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
    }
    return Problem(
        status=status,
        code=codes.get(status, "invalid_request"),
        message=str(error.detail),
        headers={"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {},
    )


def _too_large(_: RequestDataTooBig) -> Problem:
    return Problem(
        status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        code="payload_too_large",
        message="The request body is larger than 1 MiB.",
    )


def _from_database(error: DatabaseError) -> Problem | None:
    """An outage where the database was away, read-only, locked or too slow: nothing was committed; else a defect."""
    is_outage = isinstance(error, OperationalError | InterfaceError) or isinstance(error.__cause__, OUTAGES)
    return from_domain_error(Unavailable()) if is_outage else None


# The database ends the transaction of a process that stood still for too long, and calls that an internal error.
STOOD_STILL = (pg.IdleInTransactionSessionTimeout, pg.TransactionTimeout)
OUTAGES = (pg.ReadOnlySqlTransaction, pg.OperatorIntervention, pg.InsufficientResources, *STOOD_STILL)
CONVERSIONS: dict[type[Exception], Callable[[Any], Problem | None]] = {
    DomainError: from_domain_error,
    drf.ValidationError: _from_validation,
    drf.APIException: _from_framework,
    Http404: lambda _: not_found(),
    PermissionDenied: lambda _: from_domain_error(Forbidden()),
    RequestDataTooBig: _too_large,
    DatabaseError: _from_database,
}
