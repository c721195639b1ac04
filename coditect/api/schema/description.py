"""What a view says about one of its operations: `@describe(…)` on the handler, once for both dialects."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

from rest_framework import serializers

from coditect.api.queries import ListQuery
from coditect.errors import DomainError

Handler = TypeVar("Handler", bound=Callable[..., Any])
Answers = Sequence["Answer | PageOf | Nothing"]
ATTRIBUTE = "api_description"


@dataclass(frozen=True)
class Answer:
    """A success with an object of this shape: a TypedDict, or a union of them."""

    shape: Any
    status: HTTPStatus = HTTPStatus.OK
    media_type: str = "application/json"
    is_enveloped: bool = True


@dataclass(frozen=True)
class PageOf:
    """A page of a list: `key` is the resource's plural, `shape` one row's."""

    key: str
    shape: Any


@dataclass(frozen=True)
class Nothing:
    """Nothing to say; `shape` is what a dialect says that cannot be silent."""

    shape: Any


@dataclass(frozen=True, kw_only=True)
class Description:
    """One operation.

    `errors` are those that only this operation has; what its view, its body and its limits imply is added.
    `takes_many` says that the body is a list of what `request` reads; `example` is a request body that a test
    sends. `is_limited` and `needs_database` are false for what always answers.
    `charges`: it has the payment provider move money, so that a POST of it takes an Idempotency-Key though it creates
    nothing here, and has no transaction around it.
    """

    id: str
    summary: str
    tag: str
    answers: Answers
    request: type[serializers.Serializer[Any]] | None = None
    takes_many: bool = False
    query: type[serializers.Serializer[Any]] | None = None
    errors: Sequence[type[DomainError]] = ()
    example: dict[str, Any] | list[dict[str, Any]] | None = None
    needs_log_in: bool | None = None
    is_limited: bool = True
    needs_database: bool = True
    charges: bool = False

    @property
    def is_list(self) -> bool:
        """Whether it answers pages."""
        return self.query is not None and issubclass(self.query, ListQuery)

    @property
    def takes_key(self) -> bool:
        """Whether a POST of it takes an Idempotency-Key."""
        return self.charges or any(
            isinstance(answer, Answer) and answer.status == HTTPStatus.CREATED for answer in self.answers
        )


def created(shape: Any) -> Answer:
    """A 201 with the new object."""
    return Answer(shape, HTTPStatus.CREATED)


def describe(id: str, summary: str, **about: Any) -> Callable[[Handler], Handler]:
    """Give a handler its Description; the handler's docstring is the longer text."""
    description = Description(id=id, summary=summary, **about)

    def attach(handler: Handler) -> Handler:
        setattr(handler, ATTRIBUTE, description)
        return handler

    return attach


def description_of(handler: Callable[..., Any]) -> Description | None:
    """What a handler was described as."""
    found: Description | None = getattr(handler, ATTRIBUTE, None)
    return found
