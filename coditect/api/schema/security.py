"""Which credentials an operation takes: what the authenticators say of themselves, and the scopes of its view."""

from typing import Any

from coditect.api.schema.description import Description
from coditect.api.schema.shapes import Schema
from coditect.api.views import ApiView
from coditect.errors import DomainError


def _said(attribute: str) -> list[Any]:
    return [getattr(authenticator, attribute) for authenticator in ApiView.authenticators]


AUTHENTICATION_ERRORS: list[type[DomainError]] = [error for errors in _said("errors") for error in errors]
FULL_SCHEMES: dict[str, Schema] = {
    name: scheme for found in _said("security_schemes") for name, scheme in found.items()
}
SCOPED_SCHEMES: dict[str, Schema] = {
    name: scheme for found in _said("scoped_security_schemes") for name, scheme in found.items()
}
SECURITY_SCHEMES = FULL_SCHEMES | SCOPED_SCHEMES


def needs_log_in(view: ApiView, description: Description) -> bool:
    """Whether the operation asks for credentials."""
    return bool(view.authenticators) if description.needs_log_in is None else description.needs_log_in


def security_of(view: ApiView, method: str) -> list[Schema]:
    """The credentials that open an operation, any one of them; scoped ones only where a scope is named."""
    scope = view.scopes.get(method)
    return [{name: []} for name in FULL_SCHEMES] + ([{name: [scope]} for name in SCOPED_SCHEMES] if scope else [])
