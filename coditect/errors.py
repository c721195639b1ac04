"""What can go wrong in the domain; no HTTP in here (coditect.api.problems knows the statuses)."""

from typing import Any, ClassVar


class DomainError(Exception):
    """A refusal with a stable snake_case `code`, a sentence for people, and details for programs."""

    code: ClassVar[str]
    message: ClassVar[str]

    def __init__(self, message: str | None = None, **details: Any) -> None:
        self.text = message or self.message
        self.details = details
        super().__init__(self.text)


class InvalidInput(DomainError):
    """A well-formed value that cannot be accepted; `field` names it."""

    code = "validation_failed"
    message = "This value is not acceptable."

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class InvalidLines(DomainError):
    """A file of which not every line can be accepted; the `errors` in its details say which, and why."""

    code = "lines_invalid"
    message = "Some lines are not acceptable."


class Rejected(DomainError):
    """The request brings something that counts for nothing here; sending it again will not help."""

    code = "rejected"
    message = "This is not valid."


class Unauthenticated(DomainError):
    """The caller did not prove who they are."""

    code = "authentication_required"
    message = "Authentication credentials were not provided."


class Forbidden(DomainError):
    """The caller is known and may not do this."""

    code = "permission_denied"
    message = "You do not have permission to do this."


class NotFound(DomainError):
    """Nothing there, or nothing that this caller may know of."""

    code = "not_found"
    message = "Not found."


class Conflict(DomainError):
    """The request is fine but the present state does not allow it."""

    code = "conflict"
    message = "The request conflicts with the current state."


class LimitExceeded(DomainError):
    """Too many requests; `retry_after` is in seconds, `reset_at` in seconds since the epoch."""

    code = "rate_limit_exceeded"
    message = "Too many requests. Try again later."

    def __init__(self, *, limit: int, retry_after: int, reset_at: int) -> None:
        super().__init__(f"Too many requests. Try again in {retry_after} s.")
        self.limit = limit
        self.retry_after = retry_after
        self.reset_at = reset_at


class Unavailable(DomainError):
    """A dependency is down; nothing was changed, try again."""

    code = "service_unavailable"
    message = "The service is temporarily unavailable. Nothing was changed; try again shortly."
