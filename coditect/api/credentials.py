"""Credentials that open less than their user may do: each endpoint names the scope that it asks of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from rest_framework.request import Request

from coditect.errors import Forbidden

# The scope that each method asks for, or LOGIN_ONLY.
Scopes = Mapping[str, str | None]
LOGIN_ONLY = None


class InsufficientScope(Forbidden):
    """The API token is good, but not for this. The details name the scope that would be."""

    code = "insufficient_scope"
    message = "This API token may not do this."


@dataclass(frozen=True, kw_only=True)
class ScopedCredential:
    """A credential limited to one organization and to its scopes; requests are counted by its `id`."""

    id: UUID
    user_id: UUID
    organization_id: UUID
    scopes: frozenset[str]

    def require(self, scope: str | None) -> None:
        """Raise InsufficientScope unless the credential has this scope; None is one that none has."""
        if scope is None:
            raise InsufficientScope("API tokens cannot do this; log in.")
        if scope not in self.scopes:
            raise InsufficientScope(f"This API token lacks the scope {scope}.", scope=scope)


def scoped_credential(request: Request) -> ScopedCredential | None:
    """The request's credential where it is a limited one; None for a log-in, and where nobody was asked for any."""
    credential = request.auth
    return credential if isinstance(credential, ScopedCredential) else None


def require_scope(request: Request, scopes: Scopes) -> None:
    """Check a limited credential against the scope of the request's method. Raises InsufficientScope."""
    credential = scoped_credential(request)
    if credential is not None:
        method = (request.method or "").lower()
        credential.require(scopes.get("get" if method == "head" else method))
