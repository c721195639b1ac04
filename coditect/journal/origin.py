"""Who and where the work at hand comes from, so that every journal entry can say so."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The request (or task, or command) behind an event; all empty for work that nobody asked for."""

    request_id: str = ""
    ip: str | None = None
    user_id: UUID | None = None
    api_token_id: UUID | None = None


NOBODY = Origin()
_origin: ContextVar[Origin] = ContextVar("origin", default=NOBODY)


@contextmanager
def acting_from(origin: Origin) -> Iterator[None]:
    """Record everything inside as coming from `origin`."""
    token = _origin.set(origin)
    try:
        yield
    finally:
        _origin.reset(token)


def acting_as(user_id: UUID, *, api_token_id: UUID | None = None) -> None:
    """Record what follows in this request as done by a user, by means of an API token where one is named."""
    _origin.set(replace(_origin.get(), user_id=user_id, api_token_id=api_token_id))


def current_origin() -> Origin:
    """The origin of the work at hand."""
    return _origin.get()
