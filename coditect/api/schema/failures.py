"""How an operation may fail: what its view, its body and its limits imply, and the domain errors that it names."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus

from coditect.api.credentials import InsufficientScope
from coditect.api.idempotency import ERRORS as IDEMPOTENCY_ERRORS
from coditect.api.problems import Problem, status_of
from coditect.api.queries import InvalidQuery
from coditect.api.schema.description import Description
from coditect.api.schema.forms import Form
from coditect.api.schema.security import AUTHENTICATION_ERRORS, needs_log_in
from coditect.api.schema.shapes import Schema
from coditect.api.views import ApiView
from coditect.errors import DomainError, InvalidInput, LimitExceeded, Unavailable

BODY_FAILURES = (
    (HTTPStatus.BAD_REQUEST, "invalid_request", "The body is not valid JSON, or a field is missing or mistyped."),
    (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "payload_too_large", "The request body is larger than 1 MiB."),
    (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "The body is not application/json."),
    (HTTPStatus.UNPROCESSABLE_ENTITY, "validation_failed", "A field is well-formed but not acceptable."),
)


@dataclass
class Failure:
    """All failures of one status: their codes with a sentence each."""

    status: HTTPStatus
    texts: dict[str, str] = field(default_factory=dict)
    is_input: bool = False

    @property
    def text(self) -> str:
        """What the description of the response says."""
        return "\n".join(f"- `{code}`: {text}" for code, text in sorted(self.texts.items()))


def failures_of(view: ApiView, description: Description, form: Form) -> list[Failure]:
    """The failures of an operation in a dialect, by status."""
    found: dict[HTTPStatus, Failure] = {}
    for status, code, text, is_input in (*_of_body(description), *_of_errors(view, description)):
        spoken = HTTPStatus(form.dialect.error_status(Problem(status=status, code=code, message=text)))
        failure = found.setdefault(spoken, Failure(spoken))
        failure.texts.setdefault(code, text)
        failure.is_input |= is_input
    return [found[status] for status in sorted(found)]


def extra_of(view: ApiView) -> dict[str, Schema]:
    """What the endpoint adds to its failures for clients that read only the body."""
    sample = Problem(status=HTTPStatus.BAD_REQUEST, code="invalid_request", message="text")
    return {
        name: {"type": "null"} if value is None else {"type": "string"}
        for name, value in view.error_extra(sample).items()
    }


def _of_body(description: Description) -> Iterator[tuple[HTTPStatus, str, str, bool]]:
    takes_fields = description.query is not None and not description.is_list
    for status, code, text in BODY_FAILURES:
        is_input = status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}
        if description.request is not None or (is_input and takes_fields):
            yield status, code, text, is_input


def _of_errors(view: ApiView, description: Description) -> Iterator[tuple[HTTPStatus, str, str, bool]]:
    for kind in (*_implied(view, description), *description.errors):
        yield status_of(kind), kind.code, kind.message, issubclass(kind, InvalidInput | InvalidQuery)


def _implied(view: ApiView, description: Description) -> Iterator[type[DomainError]]:
    if needs_log_in(view, description):
        yield from AUTHENTICATION_ERRORS
        if view.scopes:
            yield InsufficientScope
    yield from view.errors
    if description.takes_key:
        yield from IDEMPOTENCY_ERRORS
    if description.query is not None:
        yield InvalidQuery
    if description.is_limited:
        yield LimitExceeded
    if description.needs_database:
        yield Unavailable
